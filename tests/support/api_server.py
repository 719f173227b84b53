"""A local HTTP server that answers as an API's public description says, from a function of the test."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit


class Asked(NamedTuple):
    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: str


class Answer(NamedTuple):
    """`cut`: bytes of the body after which the connection ends, as where a server dies. An iterator is sent piece by piece."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = {}
    cut: int | None = None


class ApiServer:
    """`clock`: what time the server says it is; by default the time of this machine."""

    def __init__(self, answer: Callable[[Asked], Answer], clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.asked: list[Asked] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                url = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
                asked = Asked(self.command, url.path, query, dict(self.headers), body)
                server.asked.append(asked)
                self._give(answer(asked))

            do_POST = do_HEAD = do_GET

            def date_time_string(self, timestamp: float | None = None) -> str:
                return format_datetime(clock(), usegmt=True)

            def _give(self, given: Answer) -> None:
                if isinstance(given.body, Iterator):
                    self._give_piecemeal(given.body)
                    return
                content = given.body if isinstance(given.body, bytes) else json.dumps(given.body).encode()
                self.send_response(given.status)
                for name, value in {"Content-Type": "application/json", **given.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content if given.cut is None else content[: given.cut])
                self.close_connection = given.cut is not None

            def _give_piecemeal(self, pieces: Iterator[bytes]) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/csv")
                self.end_headers()
                self.close_connection = True
                with suppress(ConnectionError):
                    for piece in pieces:
                        self.wfile.write(piece)

            def log_message(self, *_args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def api_server(answer: Callable[[Asked], Answer], clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Iterator[ApiServer]:
    server = ApiServer(answer, clock)
    try:
        yield server
    finally:
        server.stop()
