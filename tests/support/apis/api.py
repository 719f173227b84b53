"""What these systems have in common: a clock of their own, faults that a test asks for, and pages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from tests.support.api_server import Answer, ApiServer, Asked

Record = dict[str, Any]


class Api:
    """`faults`: answers given before any other, in order. `meanwhile`: called after each page of a list."""

    page = 3

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 29, 12, tzinfo=UTC)
        self.faults: list[Answer] = []
        self.meanwhile: Callable[[], None] = lambda: None
        self._server: ApiServer | None = None

    @contextmanager
    def running(self) -> Iterator[Self]:
        self._server = ApiServer(self._answered, lambda: self.now)
        try:
            yield self
        finally:
            self._server.stop()

    @property
    def server(self) -> ApiServer:
        assert self._server is not None
        return self._server

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def asked(self) -> list[Asked]:
        return self.server.asked

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    def _answered(self, asked: Asked) -> Answer:
        return self.faults.pop(0) if self.faults else self.answer(asked)

    def answer(self, asked: Asked) -> Answer:
        raise NotImplementedError
