"""What every view needs: the database, the settings, the counters, the clock, and the way an answer is written."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from flask import Flask, Request, Response, current_app, g
from pydantic import BaseModel
from sqlmodel import Session

from musterroll.limits import Attempts
from musterroll.metrics import Metrics
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.usecases.access.sessions import Actor
from musterroll.usecases.fleet.pages import LatestBase

PREFIX = "/api/v1"
Checks = Mapping[str, Callable[[], bool]]
Authenticate = Callable[[Request], Actor | None]  # the person signed in with a browser, if any
_KEY = "musterroll.api"


class Door(NamedTuple):
    database: Database
    settings: Settings
    metrics: Metrics
    checks: Checks
    authenticate: Authenticate
    guesses: Attempts  # refused enrolments by address
    false_tokens: Attempts  # API tokens that are none, by address


def install(app: Flask, door: Door) -> None:
    app.extensions[_KEY] = door
    app.teardown_request(lambda _: g.pop("api_reading", ExitStack()).close())


def door() -> Door:
    """The door of the app that serves this request."""
    found: Door = current_app.extensions[_KEY]
    return found


def clock() -> datetime:
    """Read once a request."""
    return datetime.now(UTC)  # noqa: TID251


class Caller(NamedTuple):
    """Who asks, as kept in histories, and the accounts (ids) he is limited to, with all below them; None: not limited."""

    name: str
    within: tuple[int, ...] | None = None


def caller() -> Caller:
    """Who asks; only guarded views may ask."""
    found: Caller = g.api_caller
    return found


def actor() -> str:
    """Who asks, as kept in histories; only guarded views may ask."""
    return caller().name


@contextmanager
def reading() -> Iterator[Session]:
    """What a request reads from: one session, opened when first asked for and closed with the request. It sees what the caller may."""
    if "api_reading" not in g:
        g.api_reading = ExitStack()
        g.api_session = g.api_reading.enter_context(door().database.asking(g.api_caller.within if "api_caller" in g else None))
    yield g.api_session


@contextmanager
def rehearsing() -> Iterator[Session]:
    """What the caller may see, to try something on: all of it is undone at the end."""
    with door().database.reading(caller().within) as session:
        yield session


def reading_again() -> Callable[[], AbstractContextManager[Session]]:
    """A way to open further sessions that see the same, also when the request is over."""
    return partial(door().database.asking, caller().within)


@contextmanager
def writing() -> Iterator[Session]:
    """What the caller may see, to change; committed at the end."""
    with door().database.writing(caller().within) as session:
        yield session


def admit(who: Caller) -> None:
    """From now on the request is this caller's."""
    g.api_caller = who
    if who.within is not None:
        g.pop("api_reading", ExitStack()).close()  # what was read before was not narrowed


def latest_base() -> LatestBase:
    """The installed base as pages and programs poll it, counted once for both."""
    found: LatestBase = current_app.extensions.setdefault(LatestBase.KEY, LatestBase())
    return found


def nothing() -> Response:
    """It is done, and there is nothing to say."""
    done = Response(status=204, headers={"Cache-Control": "no-store"})
    del done.headers["Content-Type"]
    return done


def answer(body: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer of what is so now: nobody may keep it."""
    return Response(
        body.model_dump_json(), status, {"Cache-Control": "no-store", **(headers or {})}, content_type="application/json; charset=utf-8"
    )
