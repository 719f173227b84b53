"""HTTP for sources: retries with `Retry-After`, one host, and no way into the private network.

A host name is resolved once for each connection, and only addresses that are allowed are connected to, whatever an address, a redirect or
the next page says.
"""

import socket
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from dlt.sources.helpers.requests.retry import Client
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as ConnectionFailed
from requests.exceptions import HTTPError, RequestException, Timeout, TooManyRedirects
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from musterroll.channels.http_address import is_public
from musterroll.sources import time_limit
from musterroll.sources.policy import SourceSettings, check_url
from musterroll.sources.source import SourceProblem

_ATTEMPTS = 5
_LONGEST_WAIT = 120  # seconds between two attempts, also where a server asks for more
_TIMEOUT = (10.0, 60.0)  # seconds to connect, and without a byte


def session(policy: SourceSettings, only_host: str = "", backoff: float = 1.0) -> Session:
    """A session that retries. With `only_host`, no other host is asked, so that no secret gets there."""
    client = Client(
        request_timeout=_TIMEOUT,
        raise_for_status=False,
        request_max_attempts=_ATTEMPTS,
        request_backoff_factor=backoff,
        request_max_retry_delay=_LONGEST_WAIT,
        retry_condition=_cut_short,
    )
    opened: Session = client.session
    opened.trust_env = False  # no proxy, and no password of a .netrc
    opened.max_redirects = 0 if only_host else 5
    opened.headers["User-Agent"] = "musterroll"
    adapter = _Guarded(policy, only_host)
    for scheme in ("http://", "https://"):
        opened.mount(scheme, adapter)
    return opened


def in_words(host: str, error: Exception) -> SourceProblem:
    """What went wrong with a request, in a sentence. Messages of libraries may hold secrets, and are left out."""
    if isinstance(error, HTTPError) and error.response is not None:
        return refused(host, error.response)
    if isinstance(error, TooManyRedirects):
        return SourceProblem(f"{host} answered with a redirect; enter the address it leads to")
    if isinstance(error, Timeout):
        return SourceProblem(f"{host} took too long to answer")
    if isinstance(error, ConnectionFailed):
        return SourceProblem(f"{host} cannot be reached, or broke off its answer; it was tried {_ATTEMPTS} times")
    if isinstance(error, RequestException | ValueError):
        return SourceProblem(f"{host} gave an answer that cannot be read ({type(error).__name__})")
    return SourceProblem(f"{host}: {type(error).__name__}")


def refused(host: str, response: Response) -> SourceProblem:
    """Why an answer is no success."""
    status = response.status_code
    reasons = {
        401: "the credentials are not accepted or have expired",
        403: "these credentials may not read this",
        404: "there is nothing at this address",
        429: "it asks to be called less often",
    }
    return SourceProblem(f"{host} answered with status {status}: {reasons.get(status, 'see its log, or ask its administrator')}")


def check_status(response: Response, *_args: Any, **_kwargs: Any) -> None:
    """A hook that raises where an answer is no success, in the way that retries know."""
    if response.status_code not in (200, 206):
        response.content  # noqa: B018  read to its end, so that the connection can be used again
        wait = response.headers.get("Retry-After", "").strip()
        if wait.isdecimal() and int(wait) > _LONGEST_WAIT:
            host = urlsplit(response.url).netloc
            raise SourceProblem(f"{host} asks to be called again in {-(-int(wait) // 60):,} minutes; a later run goes on")
        raise HTTPError(response=response)


def _cut_short(response: Response | None, error: BaseException | None) -> bool:
    """Whether a JSON answer stops in the middle, as where a server dies while it writes."""
    if response is None or response.status_code not in (200, 206) or "json" not in response.headers.get("Content-Type", ""):
        return False
    try:
        response.json()
    except ValueError:
        return True
    return False


class _Guarded(HTTPAdapter):
    def __init__(self, policy: SourceSettings, only_host: str) -> None:
        self._policy, self._only_host = policy, only_host
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._policy.source_hosts)

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        time_limit.check()
        url = request.url or ""
        check_url(url, self._policy)
        host = urlsplit(url).netloc
        if self._only_host and host != self._only_host:
            raise SourceProblem(f"{self._only_host} refers to another host, {host[:80]}, which is not asked")
        return super().send(request, *args, **kwargs)


def _pools(private_hosts: Collection[str]) -> dict[str, Any]:
    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, private_hosts)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, private_hosts)

    plain = type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": Plain})
    secure = type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": Secure})
    return {"http": plain, "https": secure}


def _connect(connection: HTTPConnection, private_hosts: Collection[str]) -> socket.socket:
    return connected(connection.host, connection.port or 443, private_hosts)


def connected(host: str, port: int, private_hosts: Collection[str]) -> socket.socket:
    """A connection to the first allowed address of a host that answers. Raises OSError, and SourceProblem."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise SourceProblem(f"the host name {host[:80]} cannot be resolved") from None
    allowed = [address for address in found if host in private_hosts or is_public(str(address[4][0]))]
    if not allowed:
        raise SourceProblem(f"{host[:80]} is in a private network; to allow it, add it to MUSTERROLL_SOURCE_HOSTS")
    failure: OSError = ConnectionError("no address")
    for family, kind, protocol, _, address in allowed[:4]:
        wire = socket.socket(family, kind, protocol)
        wire.settimeout(_TIMEOUT[0])
        try:
            wire.connect(address)
        except OSError as error:
            wire.close()
            failure = error
        else:
            wire.settimeout(_TIMEOUT[1])
            time_limit.watch(wire)
            return wire
    raise failure
