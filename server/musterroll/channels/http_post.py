"""One POST of JSON to an address that a user chose.

The host name is resolved once, and only addresses it resolved to are connected to, so that no spelling or redirect leads into the private
network (or to a metadata service). Redirects are not followed, little of the response is read, and the whole exchange is limited in time.
"""

import socket
import ssl
from collections.abc import Collection, Sequence
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPResponse

from musterroll.channels.channel import BadAddress
from musterroll.channels.delivery import DeliveryError, cut_after
from musterroll.channels.http_address import HttpAddress, is_public, parse_http_address

CONNECT_SECONDS = 5.0
ALL_SECONDS = 10.0
_READ = 4096  # bytes of the response
_GONE = 410


def post(address: str, body: str, headers: dict[str, str], private_hosts: Collection[str] = ()) -> None:
    """`private_hosts`: names that may be in a private network, and be called without TLS. Raises DeliveryError."""
    try:
        target = parse_http_address(address)
    except BadAddress as error:
        raise DeliveryError(str(error), permanent=True) from None
    private_allowed = target.host in private_hosts
    if not target.secure and not private_allowed:
        raise DeliveryError(
            f"{target.host} would be called without TLS; use https, or add the host to MUSTERROLL_WEBHOOK_HOSTS", permanent=True
        )
    headers = {"Content-Type": "application/json", "User-Agent": "musterroll", "Connection": "close", **headers}
    try:
        with closing(_connect(target, private_allowed)) as plain, closing(_with_tls(plain, target)) as wire:
            status = _exchange(wire, target, body.encode(), headers)
    except (OSError, HTTPException) as error:
        raise DeliveryError(f"{target.host} did not answer: {_reason(error)}") from None
    if not 200 <= status < 300:
        problem = "it answered with a redirect, which is not followed" if 300 <= status < 400 else f"it answered with status {status}"
        raise DeliveryError(f"{target.host} did not accept the message: {problem}", permanent=status == _GONE)


def _connect(target: HttpAddress, private_allowed: bool) -> socket.socket:
    """A connection to the first allowed address that answers."""
    try:
        addresses = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except OSError:
        raise DeliveryError(f"the host name {target.host} cannot be resolved") from None
    allowed = [address for address in addresses if private_allowed or is_public(str(address[4][0]))]
    if not allowed:
        raise DeliveryError(
            f"{target.host} is in a private network, which is not allowed; to allow it, add the host to MUSTERROLL_WEBHOOK_HOSTS"
        )
    return _connect_first(allowed)


def _connect_first(addresses: Sequence[tuple[int, int, int, str, tuple[object, ...]]]) -> socket.socket:
    failure: OSError = ConnectionError("no address")
    for family, kind, protocol, _, address in addresses[:4]:
        connection = socket.socket(family, kind, protocol)
        connection.settimeout(CONNECT_SECONDS)
        try:
            connection.connect(address)
            return connection
        except OSError as error:
            connection.close()
            failure = error
    raise failure


def _with_tls(plain: socket.socket, target: HttpAddress) -> socket.socket:
    if not target.secure:
        return plain
    return ssl.create_default_context().wrap_socket(plain, server_hostname=target.host, do_handshake_on_connect=False)


def _exchange(wire: socket.socket, target: HttpAddress, body: bytes, headers: dict[str, str]) -> int:
    """The status of the answer."""
    with cut_after(ALL_SECONDS, lambda: wire):
        if isinstance(wire, ssl.SSLSocket):
            wire.do_handshake()
        connection = HTTPConnection(target.host, target.port)
        connection.sock = wire
        connection.request("POST", target.path, body, headers)
        answer: HTTPResponse = connection.getresponse()
        answer.read(_READ)
        return answer.status


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({error.verify_message})"
    if isinstance(error, TimeoutError):
        return "it took too long"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
