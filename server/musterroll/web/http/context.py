"""What every view needs: the database, the settings, the clock, and the way a page is rendered."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

from flask import Flask, current_app, g, render_template, request
from jinja2_fragments.flask import render_block
from sqlmodel import Session

from musterroll.domain.access import needs
from musterroll.limits import Attempts
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.usecases.access.sessions import Actor
from musterroll.usecases.fleet.pages import LatestBase

__all__ = [
    "AppContext",
    "actor",
    "clock",
    "context",
    "install",
    "is_here",
    "latest_base",
    "needs",
    "page",
    "read_only",
    "snapshot",
    "transaction",
]

Checks = Mapping[str, Callable[[], bool]]
_KEY = "musterroll.web"


class AppContext(NamedTuple):
    database: Database
    settings: Settings
    checks: Checks
    guesses: Attempts  # refused sign-ins by address
    pace: Attempts  # pages by person


def install(app: Flask, context: AppContext) -> None:
    app.extensions[_KEY] = context
    app.jinja_env.globals["is_here"] = is_here


def context() -> AppContext:
    """The door of the app that serves this request."""
    found: AppContext = current_app.extensions[_KEY]
    return found


def clock() -> datetime:
    """Read once a request."""
    return datetime.now(UTC)  # noqa: TID251


def latest_base() -> LatestBase:
    """The installed base as pages and programs poll it, counted once for both."""
    found: LatestBase = current_app.extensions.setdefault(LatestBase.KEY, LatestBase())
    return found


def actor() -> Actor:
    """The person signed in; only guarded views may ask."""
    found: Actor = g.actor
    return found


@contextmanager
def read_only() -> Iterator[Session]:
    """What the person signed in may see, to read from."""
    with context().database.read_only(actor().within) as session:
        yield session


@contextmanager
def snapshot() -> Iterator[Session]:
    """What the person signed in may see, to try something on: all of it is undone at the end."""
    with context().database.snapshot(actor().within) as session:
        yield session


@contextmanager
def transaction() -> Iterator[Session]:
    """What the person signed in may see, to change; committed at the end."""
    with context().database.transaction(actor().within) as session:
        yield session


def page(template: str, now: datetime, **context: Any) -> str:
    """The whole page, or only its block `live` where htmx polls for it."""
    values = {"now": now, "actor": g.get("actor"), **context}
    if request.headers.get("HX-Request-Type") == "partial":
        return render_block(template, "live", **values)
    return render_template(template, health=_health(), **values)


def is_here(address: str) -> bool:
    """Whether this request is for a page at or under an address of the menu. Findings are part of the reconciliation."""
    path = request.path.replace("/findings", "/reconciliation", 1)
    return path == address or (address != "/" and path.startswith(address + "/"))


def _health() -> dict[str, bool]:
    """Each part of the registry and whether it is well; the database is, or nobody would be signed in."""
    return {"database": True, **{name: _ask(check) for name, check in context().checks.items()}} if g.get("actor") else {}


def _ask(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception:  # a check that breaks is a finding, not a broken page
        return False
