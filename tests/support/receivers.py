"""The other side of notifications: a mail server and a webhook receiver, on loopback."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from aiosmtpd.controller import Controller


class Inbox:
    """What arrived, and waiting for more of it."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self._came = threading.Condition()

    def put(self, item: Any) -> None:
        with self._came:
            self.items.append(item)
            self._came.notify_all()

    def reach(self, count: int, timeout: float = 20) -> list[Any]:
        with self._came:
            assert self._came.wait_for(lambda: len(self.items) >= count, timeout), f"{len(self.items)} of {count} came"
            return list(self.items)


class Mailbox(Inbox):
    """An SMTP server. `answer` is its reply to a message, `recipients` to a recipient; tests set them to reject."""

    def __init__(self, hostname: str = "127.0.0.1", **options: Any) -> None:
        super().__init__()
        self.answer = "250 OK"
        self.recipients = "250 OK"
        self._controller = Controller(self, hostname=hostname, port=free_port(), **options)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if self.recipients.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.recipients

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.answer.startswith("2"):
            self.put((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=default)))
        return self.answer

    @property
    def port(self) -> int:
        return int(self._controller.port)

    @contextmanager
    def open(self) -> Iterator["Mailbox"]:
        self._controller.start()
        try:
            yield self
        finally:
            self._controller.stop()


class Call(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes


class Hook(Inbox):
    """A webhook receiver. `answer` writes the answer to a call; by default a plain 204."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: Callable[[BaseHTTPRequestHandler], None] = no_content
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                if len(body := self.rfile.read(length)) < length:
                    return  # its sender was killed in the middle
                hook.put(Call(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                hook.answer(self)

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://localhost:{self._server.server_port}/hook"

    @contextmanager
    def open(self) -> Iterator["Hook"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()


def no_content(handler: BaseHTTPRequestHandler) -> None:
    status(204)(handler)


def status(code: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
