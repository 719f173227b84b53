"""What every view needs: the database, the settings, the counters, the clock, and the way an answer is written."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

from flask import Flask, Request, Response, current_app, g
from pydantic import BaseModel
from sqlmodel import Session

from musterroll.api.limits import Attempts
from musterroll.metrics import Metrics
from musterroll.registry.access import Actor
from musterroll.registry.rolls import LatestBase
from musterroll.settings import Settings
from musterroll.storage.database import Database

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


@contextmanager
def reading() -> Iterator[Session]:
    """What a request reads from: one session, opened when first asked for and closed with the request."""
    if "api_reading" not in g:
        g.api_reading = ExitStack()
        g.api_session = g.api_reading.enter_context(door().database.reading())
    yield g.api_session


def latest_base() -> LatestBase:
    """The installed base as pages and programs poll it, counted once for both."""
    found: LatestBase = current_app.extensions.setdefault(LatestBase.KEY, LatestBase())
    return found


def actor() -> str:
    """Who asks, as kept in histories; only guarded views may ask."""
    found: str = g.api_actor
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
