"""What every view needs: database, settings, metrics, the clock, the caller, and responses."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from flask import Flask, Request, Response, current_app, g
from pydantic import BaseModel
from sqlmodel import Session

from musterroll.domain.access import Role
from musterroll.limits import RateLimit
from musterroll.metrics import Metrics
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.usecases.access.sessions import Actor
from musterroll.usecases.fleet.pages import LatestBase

PREFIX = "/api/v1"
Checks = Mapping[str, Callable[[], bool]]
Authenticate = Callable[[Request], Actor | None]  # the user signed in with a browser, if any
_KEY = "musterroll.api"


class ApiContext(NamedTuple):
    database: Database
    settings: Settings
    metrics: Metrics
    checks: Checks
    authenticate: Authenticate
    rejected_enrolments: RateLimit  # rejected enrolments, by address
    invalid_tokens: RateLimit  # invalid API tokens, by address


def install(app: Flask, context: ApiContext) -> None:
    app.extensions[_KEY] = context
    app.teardown_request(lambda _: g.pop("api_reading", ExitStack()).close())


def context() -> ApiContext:
    """The context of the app that serves this request."""
    app_context: ApiContext = current_app.extensions[_KEY]
    return app_context


def clock() -> datetime:
    """The time now; read once per request."""
    return datetime.now(UTC)  # noqa: TID251


class Caller(NamedTuple):
    """The caller's name for the audit log, the accounts (IDs) they are limited to, with subsidiaries (None: not limited), and the role."""

    name: str
    within: tuple[int, ...] | None = None
    role: Role = Role.VIEWER


def caller() -> Caller:
    """The caller; available in guarded views only."""
    who: Caller = g.api_caller
    return who


def actor() -> str:
    """The caller's name for the audit log; available in guarded views only."""
    return caller().name


@contextmanager
def read_only() -> Iterator[Session]:
    """The reading session of the request, limited to what the caller may see. Opened on first use, closed with the request."""
    if "api_reading" not in g:
        g.api_reading = ExitStack()
        g.api_session = g.api_reading.enter_context(context().database.read_only(g.api_caller.within if "api_caller" in g else None))
    yield g.api_session


@contextmanager
def snapshot() -> Iterator[Session]:
    """A session for trial changes, limited to what the caller may see; always rolled back."""
    with context().database.snapshot(caller().within) as session:
        yield session


def open_read_only() -> Callable[[], AbstractContextManager[Session]]:
    """Opens further reading sessions with the same limits, even after the request."""
    return partial(context().database.read_only, caller().within)


@contextmanager
def transaction() -> Iterator[Session]:
    """A writing session, limited to what the caller may see; committed at the end."""
    with context().database.transaction(caller().within) as session:
        yield session


def set_caller(who: Caller) -> None:
    """Set the caller of this request."""
    g.api_caller = who
    if who.within is not None:
        g.pop("api_reading", ExitStack()).close()  # an earlier session was not limited


def latest_base() -> LatestBase:
    """The installed base as polled by pages and programs, counted once for both."""
    latest: LatestBase = current_app.extensions.setdefault(LatestBase.KEY, LatestBase())
    return latest


def no_content() -> Response:
    """An empty response (204)."""
    done = Response(status=204, headers={"Cache-Control": "no-store"})
    del done.headers["Content-Type"]
    return done


def answer(body: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response that must not be cached."""
    return Response(
        body.model_dump_json(), status, {"Cache-Control": "no-store", **(headers or {})}, content_type="application/json; charset=utf-8"
    )
