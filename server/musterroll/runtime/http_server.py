"""HTTP for every process: waitress, which reads requests whole before a thread takes them, so that idle and slow clients cost none."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.server import create_server

from musterroll.domain.values.errors import DomainError
from musterroll.listening import allow_many_sockets, authority, dual_stack
from musterroll.settings import address

_CONNECTIONS = 10_000  # at most, of one process
_IDLE_SECONDS = 60  # after which a connection without a whole request is closed
_TURN_SECONDS = 0.5
_STOP_SECONDS = 8  # for requests under way when the process stops


class HttpServer:
    """Serves an app on an open socket, or on one of its own. `behind_proxy`: X-Forwarded-* headers reach the app."""

    def __init__(self, app: Any, threads: int, behind_proxy: bool, **where: Any) -> None:
        allow_many_sockets()
        server: Any = create_server(
            app,
            **where,
            threads=threads,
            ident="musterroll",
            backlog=1024,
            connection_limit=_CONNECTIONS,
            channel_timeout=_IDLE_SECONDS,
            clear_untrusted_proxy_headers=not behind_proxy,
            asyncore_use_poll=True,  # select() fails beyond 1,024 open files
        )
        self._server, self.port = server, int(server.effective_port)

    def run(self, going: Callable[[], bool]) -> None:
        """Serve as long as `going`, which is asked every second or more often; then finish what is under way."""
        while going():
            self._turn()
        self._server.accepting = False
        until = monotonic() + _STOP_SECONDS
        while self._busy() and monotonic() < until:
            self._turn()
        self._server.task_dispatcher.shutdown(timeout=1)
        for channel in list(self._server.active_channels.values()):
            channel.handle_close()
        self._server.close()

    def _turn(self) -> None:
        wasyncore.loop(timeout=_TURN_SECONDS, use_poll=True, map=self._server._map, count=1)

    def _busy(self) -> bool:
        return any(channel.requests or channel.total_outbufs_len for channel in self._server.active_channels.values())


@contextmanager
def http_server(app: Flask, listen: str, variable: str, *, threads: int, behind_proxy: bool = False) -> Iterator[str]:
    """Serve an app in a thread at the address that is the value of this variable. Gives the URL."""
    host, port = address(listen, variable)
    try:
        shared = dual_stack(host, port)
        server = HttpServer(app, threads, behind_proxy, **({"sockets": [shared]} if shared else {"host": host, "port": port}))
    except OSError as error:
        raise DomainError(
            f"cannot listen on {authority(host, port)}: {error.strerror}; set {variable} to another address or port"
        ) from None
    stop = Event()
    thread = Thread(target=server.run, args=[lambda: not stop.is_set()], name="http", daemon=True)
    thread.start()
    try:
        yield f"http://{authority(host, server.port)}"
    finally:
        stop.set()
        thread.join(_STOP_SECONDS + 2)
