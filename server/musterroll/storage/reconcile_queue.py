"""Units waiting to be reconciled again. Whatever changes a unit or a business record marks what is due, in the same transaction."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import delete, select, text
from sqlmodel import Session, col

from musterroll.storage.engine import bulk
from musterroll.storage.engine.bulk import among
from musterroll.storage.engine.database import innermost
from musterroll.storage.tables.reconciliation import ReconcileQueue

MOST = 10_000  # units; beyond that looking at all of them is as quick
_NUMBER: Any = col(ReconcileQueue.id)
_ALL = "musterroll.reconcile_all"  # where a session keeps the transaction that marked all units
_UNITS = "musterroll.reconcile"  # and the units it has marked, with the transaction or savepoint it marked the last ones in


def mark(session: Session, unit_ids: Collection[int]) -> None:
    """Mark units that may be reconciled otherwise now; all of them once a session has marked more than `MOST`."""
    if not unit_ids or all_marked(session):
        return
    current = innermost(session)
    within, marked = session.info.setdefault(_UNITS, (current, set()))
    new = sorted(set(unit_ids) - marked if within is current else set(unit_ids))  # marks may have gone with a savepoint
    marked.update(new)
    session.info[_UNITS] = current, marked
    if len(marked) > MOST:
        mark_all(session)
    else:
        bulk.insert(session, ReconcileQueue, ("unit_id",), [(unit_id,) for unit_id in new])


def mark_all(session: Session) -> None:
    """Mark every unit, as when a contract changes."""
    if not all_marked(session):
        session.connection().execute(text("INSERT INTO reconcile_queue (unit_id) VALUES (NULL)"))
        session.info[_ALL] = innermost(session)


def all_marked(session: Session) -> bool:
    """Whether the transaction has marked all units already. What was rolled back with a savepoint does not count."""
    marking, current = session.info.get(_ALL), innermost(session)
    while current is not None and current is not marking:
        current = current.parent
    return current is not None


def marks(session: Session) -> dict[int, int | None]:
    """The units of the marks there are, by the number of the mark; None: all units."""
    return dict(session.execute(select(_NUMBER, col(ReconcileQueue.unit_id))).all())


def remove(session: Session, numbers: Collection[int]) -> None:
    """Remove these marks."""
    session.execute(delete(ReconcileQueue).where(among(session, _NUMBER, numbers)))


def take(session: Session) -> set[int] | None:
    """Empty the queue. Returns the units that were marked, None for all of them."""
    session.info.pop(_ALL, None)
    session.info.pop(_UNITS, None)
    return marked(session.execute(delete(ReconcileQueue).returning(col(ReconcileQueue.unit_id))).scalars())


def marked(units: Iterable[int | None]) -> set[int] | None:
    """The units of some marks, None for all of them."""
    some = set(units)
    known = {unit for unit in some if unit is not None}
    return None if len(known) < len(some) or len(known) > MOST else known
