"""What to reconcile again: units that something happened to, noted in the transaction it happened in."""

from collections.abc import Collection

from sqlalchemy import delete, text
from sqlalchemy.orm import SessionTransaction
from sqlmodel import Session, col

from musterroll.storage.engine.bulk import ids, postgres
from musterroll.storage.tables.reconciliation import ReconcileQueue

MOST = 10_000  # units; beyond that looking at all of them is as quick
_MARK_POSTGRES = "INSERT INTO reconcile_queue (unit_id) SELECT unnest(%s)"
_MARK_SQLITE = "INSERT INTO reconcile_queue (unit_id) SELECT value FROM json_each(?)"
_ALL = "musterroll.dirty"  # under which a session remembers the transaction that noted all units


def mark(session: Session, unit_ids: Collection[int]) -> None:
    """Note units whose standing may have changed."""
    if len(unit_ids) > MOST:
        mark_all(session)
    elif unit_ids and not all_noted(session):
        session.connection().exec_driver_sql(_MARK_POSTGRES if postgres(session) else _MARK_SQLITE, (ids(session, list(unit_ids)),))


def mark_all(session: Session) -> None:
    """Note that the standing of any unit may have changed, as when a contract did."""
    if not all_noted(session):
        session.connection().execute(text("INSERT INTO reconcile_queue (unit_id) VALUES (NULL)"))
        session.info[_ALL] = innermost(session)


def all_noted(session: Session) -> bool:
    """Whether the transaction, or the savepoint it is in, has noted all units already. What was taken back with a savepoint was not."""
    noted, current = session.info.get(_ALL), innermost(session)
    while current is not None and current is not noted:
        current = current.parent
    return current is not None


def innermost(session: Session) -> SessionTransaction | None:
    """The transaction, or the savepoint it is in."""
    return session.get_nested_transaction() or session.get_transaction()


def take(session: Session) -> set[int] | None:
    """Take away what is noted: the units, None where it may be any."""
    session.info.pop(_ALL, None)
    found = session.execute(delete(ReconcileQueue).returning(col(ReconcileQueue.unit_id))).scalars().all()
    units = {unit_id for unit_id in found if unit_id is not None}
    return None if None in found or len(units) > MOST else units
