"""Starts, watches and stops the embedded broker."""

import asyncio
import contextlib
import errno
import hmac
import logging
import threading
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from musterroll.broker.connection import BrokerState, Connection
from musterroll.broker.router import Router
from musterroll.broker.topic_access import REGISTRY
from musterroll.domain.values.errors import DomainError
from musterroll.listening import allow_many_sockets, authority, dual_stack
from musterroll.storage.engine.database import Database
from musterroll.usecases.enrolment import broker_logins

log = logging.getLogger(__name__)
T = TypeVar("T")
_MAX_CONNECTIONS = 10_000
_CHECKERS = 4  # threads that check credentials in the database
_WATCH_SECONDS = 1.0
_STOP_SECONDS = 4.0
_CHECK_SECONDS = 2.0


class ActiveCredentials(NamedTuple):
    """Credentials that were active at a revision."""

    revision: int
    ids: set[int]


class EmbeddedBroker:
    """A broker in a thread of its own. Units authenticate with their credential, the registry with `registry_secret`."""

    def __init__(self, database: Database, listen: tuple[str, int], registry_secret: str) -> None:
        self._database = database
        self._listen = listen
        self._secret = registry_secret.encode()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="broker", daemon=True)
        self._checkers = ThreadPoolExecutor(_CHECKERS, thread_name_prefix="broker-check")
        self._state = BrokerState(Router(), self._authenticate, {}, _MAX_CONNECTIONS, set())
        self._server: asyncio.Server | None = None
        self._watching: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Listen. Raises DomainError if the address is not available."""
        allow_many_sockets()
        self._thread.start()
        try:
            self._run(self._open()).result()
        except OSError as error:
            self.stop()
            reason = "another program listens there" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
            raise DomainError(
                f"the embedded broker cannot listen on {authority(*self._listen)}: {reason};"
                " set MUSTERROLL_MQTT_LISTEN to another address or port"
            ) from None

    @property
    def port(self) -> int:
        assert self._server is not None, "not started"
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        """The URL of the broker, without credentials."""
        return f"mqtt://{authority(self._listen[0], self.port)}"

    def healthy(self) -> bool:
        """Whether it listens and its thread responds within a second."""
        if self._server is None or not self._server.is_serving() or not self._thread.is_alive():
            return False
        try:
            return self._run(_ping()).result(1.0)
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
        # A running check returns its connection before the database is closed; one that hangs is not waited for.
        ending = threading.Thread(target=self._checkers.shutdown, kwargs={"cancel_futures": True}, daemon=True)
        ending.start()
        ending.join(_CHECK_SECONDS)
        if not self._thread.is_alive():
            self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    # -- in the broker's thread

    async def _open(self) -> None:
        socket = dual_stack(*self._listen)
        where: dict[str, Any] = {"sock": socket} if socket else dict(zip(("host", "port"), self._listen, strict=True))
        self._server = await self._loop.create_server(self._connection, **where, backlog=1024)
        self._watching = self._loop.create_task(self._watch())

    def _connection(self) -> Connection:
        return Connection(self._state, self._loop)

    async def _close(self) -> None:
        if self._watching:
            self._watching.cancel()
        if self._server:
            self._server.close()
        connections = list(self._state.connections)
        for connection in connections:
            connection.evict()
        for connection in connections:
            await connection.closed.wait()

    async def _authenticate(self, user: str, password: str) -> int | None:
        if user == REGISTRY:
            return 0 if hmac.compare_digest(password.encode(), self._secret) else None
        return await self._loop.run_in_executor(self._checkers, self._check, user, password)

    def _check(self, uid: str, password: str) -> int | None:
        with self._database.snapshot() as session:
            return broker_logins.authenticate(session, uid, password)

    async def _watch(self) -> None:
        """Disconnect clients within a second or two of their credential's end."""
        active = ActiveCredentials(-1, set())
        while True:
            try:
                active = await self._evict_revoked(active)
            except Exception:  # the database is unavailable; clients stay connected for now
                log.warning("could not check which credentials are still active", exc_info=True)
            await asyncio.sleep(_WATCH_SECONDS)

    async def _evict_revoked(self, before: ActiveCredentials) -> ActiveCredentials:
        connected = {client.credential: client for client in self._state.by_client_id.values() if client.credential}
        active = await self._loop.run_in_executor(self._checkers, self._active, before, set(connected))
        for credential, connection in connected.items():
            if credential not in active.ids:
                connection.evict()
        return active

    def _active(self, before: ActiveCredentials, connected: set[int]) -> ActiveCredentials:
        with self._database.snapshot() as session:
            revision = broker_logins.revision(session)
            # Clients that connected since then are checked too: the credential may have ended just after the login.
            known = before.ids & connected if revision == before.revision else set()
            return ActiveCredentials(revision, known | broker_logins.still_active(session, connected - known))


async def _ping() -> bool:
    return True
