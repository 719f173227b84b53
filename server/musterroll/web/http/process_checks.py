"""Health checks of separate processes, by their heartbeats in the database."""

from collections.abc import Callable
from functools import partial

from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.liveness import process_heartbeats
from musterroll.web.http.context import clock

_HEARTBEATS = {"ingest": "ingest:", "schedule": "schedule"}
_TIMEOUT = 20_000  # ms: what monitors ask every few seconds is red within 30 s


def checks(database: Database) -> dict[str, Callable[[], bool]]:
    """Health checks for ingest and schedule as separate processes."""
    return {name: partial(_is_alive, database, prefix) for name, prefix in _HEARTBEATS.items()}


def _is_alive(database: Database, prefix: str) -> bool:
    now = to_ms(clock())
    with database.read_only() as session:
        at = process_heartbeats.newest(session, prefix, now)
    return at is not None and now - at < _TIMEOUT
