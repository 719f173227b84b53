"""What is known of accounts for their health: all that the session sees, or some. Without units and tickets of no account."""

from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Row, and_, case, func, or_, select, union_all
from sqlmodel import Session, col

from musterroll.domain.contracts.terms import Payment
from musterroll.storage.engine.bulk import among
from musterroll.storage.fleet.filters import owned_by
from musterroll.storage.tables.contracts import Contract, Invoice
from musterroll.storage.tables.imports import ImportRun
from musterroll.storage.tables.reconciliation import CellCount, UnitReconciliation
from musterroll.storage.tables.units import Incident, Unit
from musterroll.storage.tables.warranty import WarrantyPeriod

_DEPLOYED, _OPERATING, _ON_CONTRACT = (2, 3, 6, 7), (3, 7), (6, 7)  # quadrants
Some = Collection[int] | None  # ids of accounts; None: all


class UnitCounts(NamedTuple):
    deployed: int
    operating: int
    contracted: int  # deployed and on a contract


def units(session: Session, some: Some) -> dict[int, UnitCounts]:
    """As of the last reconciliation."""
    t = CellCount
    sums = [func.sum(case((col(t.cell).in_(cells), col(t.units)), else_=0)) for cells in (_DEPLOYED, _OPERATING, _ON_CONTRACT)]
    query: Any = select(col(t.of_id), *sums).where(col(t.axis) == "account", col(t.of_id) > 0, *_of(session, t.of_id, some))
    return {row[0]: UnitCounts(*map(int, row[1:])) for row in session.execute(query.group_by(col(t.of_id)))}


def in_warranty_only(session: Session, some: Some, on: date) -> dict[int, int]:
    """Deployed units in warranty on a day, without a contract."""
    w, r = WarrantyPeriod, UnitReconciliation
    in_force = (col(w.starts_on) <= on, or_(col(w.ends_on).is_(None), col(w.ends_on) > on))
    alive = and_(*in_force, or_(col(w.voided_on).is_(None), col(w.voided_on) > on))
    covered = select(col(w.unit_id)).where(col(w.unit_id) == col(r.unit_id), alive).correlate(r).exists()
    query: Any = select(col(r.account_id), func.count()).where(col(r.cell).in_([2, 3]), col(r.account_id) > 0, covered)
    if some is not None:  # by the index of units
        query = query.join(Unit, col(Unit.id) == col(r.unit_id)).where(owned_by(list(some)))
    return _counts(session, query.group_by(col(r.account_id)))


def tickets(session: Session, some: Some, first: date, last: date) -> dict[int, int]:
    """Opened from `first` to `last`: of the account that a ticket names, else of its unit's."""
    i, opened = Incident, col(Incident.opened_on).between(first, last)
    named: Any = select(col(i.account_id).label("account_id"), col(i.id)).where(opened, col(i.account_id).is_not(None))
    of_units = select(col(Unit.account_id), col(i.id)).join_from(i, Unit, col(Unit.id) == col(i.unit_id))
    of_units = of_units.where(opened, col(i.account_id).is_(None), col(Unit.account_id).is_not(None))
    every = union_all(named.where(*_of(session, i.account_id, some)), of_units.where(*_of(session, Unit.account_id, some))).subquery()
    return _counts(session, select(every.c.account_id, func.count()).group_by(every.c.account_id))


def payments(session: Session, contract_ids: Some) -> list[Row[Any]]:
    """`account_id`, `contract_id` and `payment` of contracts whose payment is on record."""
    query = select(col(Contract.account_id), col(Invoice.contract_id), col(Invoice.payment)).join_from(
        Invoice, Contract, col(Contract.id) == col(Invoice.contract_id)
    )
    known = (col(Invoice.payment) != Payment.UNKNOWN, col(Contract.account_id).is_not(None))
    return list(session.execute(query.where(*known, *_of(session, Invoice.contract_id, contract_ids))))


def imported_at(session: Session) -> dict[str, int]:
    """When rows of each kind of document were imported last (ms)."""
    return _counts(session, select(col(ImportRun.kind), func.max(col(ImportRun.at))).group_by(col(ImportRun.kind)))


def _of(session: Session, column: Any, some: Some) -> list[Any]:
    return [] if some is None else [among(session, col(column), some)]


def _counts(session: Session, query: Any) -> dict[Any, int]:
    return {row[0]: row[1] for row in session.execute(query)}
