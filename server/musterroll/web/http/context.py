"""What every view needs: database, settings, clock, the signed-in user, and page rendering."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

from flask import Flask, current_app, g, render_template, request
from jinja2_fragments.flask import render_block
from sqlmodel import Session

from musterroll.domain.access import needs
from musterroll.domain.values import cursors
from musterroll.limits import RateLimit
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.usecases.access.sessions import Actor
from musterroll.usecases.fleet.pages import LatestBase
from musterroll.web.http import live_blocks

__all__ = [
    "WebContext",
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


class WebContext(NamedTuple):
    database: Database
    settings: Settings
    checks: Checks
    failed_sign_ins: RateLimit  # by address
    page_rate: RateLimit  # pages by user


def install(app: Flask, context: WebContext) -> None:
    app.extensions[_KEY] = context
    app.jinja_env.globals.update(is_here=is_here, cursor=cursors.encode)


def context() -> WebContext:
    """The context of the app that serves this request."""
    installed: WebContext = current_app.extensions[_KEY]
    return installed


def clock() -> datetime:
    """The time now; read once per request."""
    return datetime.now(UTC)  # noqa: TID251


def latest_base() -> LatestBase:
    """The installed base as polled by pages and programs, counted once for both."""
    base: LatestBase = current_app.extensions.setdefault(LatestBase.KEY, LatestBase())
    return base


def actor() -> Actor:
    """The signed-in user; available in guarded views only."""
    user: Actor = g.actor
    return user


@contextmanager
def read_only() -> Iterator[Session]:
    """A reading session, limited to what the user may see."""
    with context().database.read_only(actor().within) as session:
        yield session


@contextmanager
def snapshot() -> Iterator[Session]:
    """A session for trial changes, limited to what the user may see; always rolled back."""
    with context().database.snapshot(actor().within) as session:
        yield session


@contextmanager
def transaction() -> Iterator[Session]:
    """A writing session, limited to what the user may see; committed at the end."""
    with context().database.transaction(actor().within) as session:
        yield session


def page(template: str, now: datetime, **context: Any) -> str:
    """The whole page, or only its block `live` if htmx asks for it."""
    values = {"now": now, "actor": g.get("actor"), **context}
    if request.headers.get("HX-Request-Type") == "partial":
        return live_blocks.changes(render_block(template, "live", **values))
    return render_template(template, health=_health(), **values)


def is_here(address: str) -> bool:
    """Whether this request is for a page at or below an address of the menu. Findings belong to reconciliation."""
    path = request.path.replace("/findings", "/reconciliation", 1)
    return path == address or (address != "/" and path.startswith(address + "/"))


def _health() -> dict[str, bool]:
    """Whether each component is OK. The database is, or nobody could be signed in."""
    return {"database": True, **{name: _ask(check) for name, check in context().checks.items()}} if g.get("actor") else {}


def _ask(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception:  # a failing check must not break the page
        return False
