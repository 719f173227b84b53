"""Whether the processes that run elsewhere do their work, told by the pulses they leave in the database."""

from collections.abc import Callable
from functools import partial

from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.liveness import process_heartbeats
from musterroll.web.http.context import clock

_PULSES = {"ingest": "ingest:", "schedule": "schedule"}
_SILENT = 30_000  # ms


def checks(database: Database) -> dict[str, Callable[[], bool]]:
    """What the health strip asks where ingest and schedule are processes of their own."""
    return {name: partial(_beats, database, prefix) for name, prefix in _PULSES.items()}


def _beats(database: Database, prefix: str) -> bool:
    with database.read_only() as session:
        at = process_heartbeats.newest(session, prefix)
    return at is not None and to_ms(clock()) - at < _SILENT
