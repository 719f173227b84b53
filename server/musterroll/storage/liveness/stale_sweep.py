"""The stale sweep as SQL: units whose silence exceeds their window. Instants are ms, by the registry's clock."""

from typing import NamedTuple

from sqlmodel import Session, text

from musterroll.domain.liveness import ListeningWindow
from musterroll.storage.liveness.states import reported_by_import_only_sql


class StaleUnit(NamedTuple):
    """A unit just called stale."""

    unit_id: int
    heard_at: int
    stale_since: int
    stale_after: int


_SILENT_FROM = "CASE WHEN heard_at > :since THEN heard_at ELSE :since END"
_REPORTED_ITSELF = f"NOT {reported_by_import_only_sql()}"  # the silence of units known from imports only proves nothing
_DUE = (
    f"heard_at IS NOT NULL AND stale_since IS NULL AND held_at IS NULL AND {_REPORTED_ITSELF}"
    f" AND {_SILENT_FROM} <= :at - stale_after * 1000"
)
_MARK_STALE = text(
    f"UPDATE unit_status SET stale_since = {_SILENT_FROM} + stale_after * 1000"  # noqa: S608
    f" WHERE unit_id IN (SELECT unit_id FROM unit_status WHERE {_DUE} LIMIT :limit) AND {_DUE}"
    " RETURNING unit_id, heard_at, stale_since, stale_after"
)


_ANY_DUE = text(f"SELECT EXISTS (SELECT 1 FROM unit_status WHERE {_DUE})")  # noqa: S608


def any_due(session: Session, heard: ListeningWindow, now: int) -> bool:
    """Whether `mark_stale` would mark any unit."""
    return bool(session.execute(_ANY_DUE, {"since": heard.since, "at": min(now, heard.until)}).scalar())


def mark_stale(session: Session, heard: ListeningWindow, now: int, limit: int) -> list[StaleUnit]:
    """Mark at most `limit` units stale whose silence exceeds their window (`domain.liveness.assess_liveness`); compare and set."""
    at = min(now, heard.until)
    rows = session.execute(_MARK_STALE, {"since": heard.since, "at": at, "limit": limit}).all()
    return [StaleUnit(row[0], row[1], row[2], row[3]) for row in rows]
