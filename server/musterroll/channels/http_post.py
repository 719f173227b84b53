"""One POST of JSON to an address that somebody else chose.

The name is resolved once and the connection made to an address it resolved to: an address of ours (private, local, metadata) is refused
however it is written or hidden. Nothing is followed, little is read, and all of it ends in time.
"""

import socket
import ssl
from collections.abc import Collection, Sequence
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPResponse

from musterroll.channels.channel import BadAddress
from musterroll.channels.delivery import NotTakenError, cut_after
from musterroll.channels.http_address import Target, public, target

CONNECT_SECONDS = 5.0
ALL_SECONDS = 10.0
_READ = 4096  # bytes of an answer: nobody reads more
_GONE = 410


def post(address: str, body: str, headers: dict[str, str], own_hosts: Collection[str] = ()) -> None:
    """Send one message. `own_hosts` are names that may lie in a private network, and be spoken to without TLS. Raises NotTakenError."""
    try:
        to = target(address)
    except BadAddress as error:
        raise NotTakenError(str(error), for_good=True) from None
    own = to.host in own_hosts
    if not to.secure and not own:
        raise NotTakenError(f"{to.host} would be called without TLS; use https, or add the host to MUSTERROLL_WEBHOOK_HOSTS", for_good=True)
    headers = {"Content-Type": "application/json", "User-Agent": "musterroll", "Connection": "close", **headers}
    try:
        with closing(_connect(to, own)) as plain, closing(_wrapped(plain, to)) as wire:
            status = _exchange(wire, to, body.encode(), headers)
    except (OSError, HTTPException) as error:
        raise NotTakenError(f"{to.host} did not answer: {_why(error)}") from None
    if not 200 <= status < 300:
        said = "it answered with a redirect, which is not followed" if 300 <= status < 400 else f"it answered with status {status}"
        raise NotTakenError(f"{to.host} did not accept the message: {said}", for_good=status == _GONE)


def _connect(to: Target, own: bool) -> socket.socket:
    """Connected to the first address that may be spoken to and answers."""
    try:
        found = socket.getaddrinfo(to.host, to.port, type=socket.SOCK_STREAM)
    except OSError:
        raise NotTakenError(f"the host name {to.host} cannot be resolved") from None
    allowed = [one for one in found if own or public(str(one[4][0]))]
    if not allowed:
        raise NotTakenError(
            f"{to.host} is in a private network, which is not allowed; to allow it, add the host to MUSTERROLL_WEBHOOK_HOSTS"
        )
    return _first(allowed)


def _first(addresses: Sequence[tuple[int, int, int, str, tuple[object, ...]]]) -> socket.socket:
    trouble: OSError = ConnectionError("no address")
    for family, kind, protocol, _, address in addresses[:4]:
        tried = socket.socket(family, kind, protocol)
        tried.settimeout(CONNECT_SECONDS)
        try:
            tried.connect(address)
            return tried
        except OSError as error:
            tried.close()
            trouble = error
    raise trouble


def _wrapped(plain: socket.socket, to: Target) -> socket.socket:
    if not to.secure:
        return plain
    return ssl.create_default_context().wrap_socket(plain, server_hostname=to.host, do_handshake_on_connect=False)


def _exchange(wire: socket.socket, to: Target, body: bytes, headers: dict[str, str]) -> int:
    """The status of the answer."""
    with cut_after(ALL_SECONDS, lambda: wire):
        if isinstance(wire, ssl.SSLSocket):
            wire.do_handshake()
        connection = HTTPConnection(to.host, to.port)
        connection.sock = wire
        connection.request("POST", to.path, body, headers)
        answer: HTTPResponse = connection.getresponse()
        answer.read(_READ)
        return answer.status


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({error.verify_message})"
    if isinstance(error, TimeoutError):
        return "it took too long"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
