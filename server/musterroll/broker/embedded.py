"""Starting, watching and stopping the embedded broker."""

import asyncio
import contextlib
import errno
import hmac
import logging
import threading
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from musterroll.broker.access import REGISTRY
from musterroll.broker.connection import Connection, Hall
from musterroll.broker.router import Router
from musterroll.domain.values.errors import DomainError
from musterroll.storage.engine.database import Database
from musterroll.usecases.enrolment import broker_logins

log = logging.getLogger(__name__)
T = TypeVar("T")
_MOST_CONNECTIONS = 10_000
_CHECKERS = 4  # threads that ask the database about credentials
_WATCH_SECONDS = 1.0
_STOP_SECONDS = 4.0
_CHECK_SECONDS = 2.0


class Seen(NamedTuple):
    """Credentials that held at a revision."""

    revision: int
    valid: set[int]


class EmbeddedBroker:
    """A broker in a thread of its own. Units prove themselves with their credential, the registry with `registry_secret`."""

    def __init__(self, database: Database, listen: tuple[str, int], registry_secret: str) -> None:
        self._database = database
        self._listen = listen
        self._secret = registry_secret.encode()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="broker", daemon=True)
        self._checkers = ThreadPoolExecutor(_CHECKERS, thread_name_prefix="broker-check")
        self._hall = Hall(Router(), self._admit, {}, _MOST_CONNECTIONS, set())
        self._server: asyncio.Server | None = None
        self._watching: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Listen. Raises DomainError with one sentence where the address cannot be had."""
        allow_many_sockets()
        self._thread.start()
        try:
            self._run(self._open()).result()
        except OSError as error:
            self.stop()
            host, port = self._listen
            why = "another program listens there" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
            raise DomainError(
                f"the embedded broker cannot listen on {host}:{port}: {why}; set MUSTERROLL_MQTT_LISTEN to another address or port"
            ) from None

    @property
    def port(self) -> int:
        assert self._server is not None, "not started"
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        """Where it listens, without credentials."""
        host = self._listen[0]
        return f"mqtt://[{host}]:{self.port}" if ":" in host else f"mqtt://{host}:{self.port}"

    def healthy(self) -> bool:
        """Whether it listens and its thread answers within a second."""
        if self._server is None or not self._server.is_serving() or not self._thread.is_alive():
            return False
        try:
            return self._run(_answer()).result(1.0)
        except TimeoutError:
            return False

    def stop(self) -> None:
        """Close every connection and end the thread, within seven seconds."""
        if not self._thread.is_alive():
            return
        with contextlib.suppress(TimeoutError):
            self._run(self._close()).result(_STOP_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(1.0)
        # A check under way gives its connection back before the database is closed; one that hangs is not waited for.
        ending = threading.Thread(target=self._checkers.shutdown, kwargs={"cancel_futures": True}, daemon=True)
        ending.start()
        ending.join(_CHECK_SECONDS)
        if not self._thread.is_alive():
            self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    # In the broker's thread.

    async def _open(self) -> None:
        host, port = self._listen
        self._server = await self._loop.create_server(lambda: Connection(self._hall, self._loop), host, port, backlog=1024)
        self._watching = self._loop.create_task(self._watch())

    async def _close(self) -> None:
        if self._watching:
            self._watching.cancel()
        if self._server:
            self._server.close()
        leaving = list(self._hall.everyone)
        for connection in leaving:
            connection.throw_out()
        for connection in leaving:
            await connection.gone.wait()

    async def _admit(self, user: str, password: str) -> int | None:
        if user == REGISTRY:
            return 0 if hmac.compare_digest(password.encode(), self._secret) else None
        return await self._loop.run_in_executor(self._checkers, self._check, user, password)

    def _check(self, uid: str, password: str) -> int | None:
        with self._database.snapshot() as session:
            return broker_logins.admit(session, uid, password)

    async def _watch(self) -> None:
        """Shut out, within a second or two, whoever lost their credential."""
        seen = Seen(-1, set())
        while True:
            try:
                seen = await self._shut_out(seen)
            except Exception:  # the database is away; those inside stay for now
                log.warning("could not check which credentials still hold", exc_info=True)
            await asyncio.sleep(_WATCH_SECONDS)

    async def _shut_out(self, before: Seen) -> Seen:
        inside = {one.credential: one for one in self._hall.live.values() if one.credential}
        now = await self._loop.run_in_executor(self._checkers, self._look, before, set(inside))
        for credential, connection in inside.items():
            if credential not in now.valid:
                connection.throw_out()
        return now

    def _look(self, before: Seen, inside: set[int]) -> Seen:
        with self._database.snapshot() as session:
            revision = broker_logins.revision(session)
            # Whoever came in since then is asked about too: the credential may have ended between the check and the door.
            known = before.valid & inside if revision == before.revision else set()
            return Seen(revision, known | broker_logins.still_active(session, inside - known))


async def _answer() -> bool:
    return True


def allow_many_sockets() -> None:
    """Raise this process's soft limit of open files to its hard one: 1,024 is fewer than a small fleet has sockets."""
    try:
        import resource
    except ImportError:  # not a POSIX system
        return
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
