"""Limits of contract lines, and the incidents that use them."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Row, case, func, select, type_coerce
from sqlmodel import Session, col

from musterroll.domain.contracts.limits import Limit
from musterroll.storage.engine import account_scope, bulk
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.contracts import Contract, ContractLine
from musterroll.storage.tables.limits import LineLimit
from musterroll.storage.tables.reconciliation import UnitReconciliation
from musterroll.storage.tables.units import Incident, Unit

# What a line allows is shared by all its units, also by those that a user may not see.
_LIMIT, _I, _U = account_scope.whole(LineLimit), account_scope.whole(Incident), account_scope.whole(UnitReconciliation)
_SUMS = (
    func.count(),
    func.coalesce(func.sum(type_coerce(_I.c.hours, BigInteger)), 0),
    func.count(case((_I.c.parts > 0, 1))),
    func.coalesce(func.sum(type_coerce(_I.c.credits, BigInteger)), 0),
)
_DEPLOYED = _U.c.cell.op("&")(2) == 2


class DayUse(NamedTuple):
    """The incidents of a line that were opened on a day, their hours, those that a part was used for, and their credits."""

    on: date
    calls: int
    hours: Decimal
    visits: int
    credits: Decimal


def of_lines(session: Session, line_ids: Collection[int]) -> list[tuple[int, Limit]]:
    """The limits of these lines, in order."""
    columns = (_LIMIT.c.line_id, _LIMIT.c.kind, _LIMIT.c.amount, _LIMIT.c.period, _LIMIT.c.carried, _LIMIT.c.counter, _LIMIT.c.pooled)
    query = (
        select(*columns).where(bulk.among(session, _LIMIT.c.line_id, line_ids)).order_by(_LIMIT.c.line_id, _LIMIT.c.kind, _LIMIT.c.counter)
    )
    return [(row[0], Limit(*row[1:])) for row in session.execute(query)] if line_ids else []


def lines_with_limits(session: Session, contract_ids: Collection[int]) -> set[int]:
    """The lines of these contracts that have a limit."""
    query = select(_LIMIT.c.line_id).where(bulk.among(session, _LIMIT.c.contract_id, contract_ids))
    return set(session.execute(query).scalars()) if contract_ids else set()


def page(session: Session, contract_id: int | None, after_id: int, limit: int) -> list[Row[Any]]:
    """Limits with their `line_id`, `kind` and `counter`, by row id: of one contract, or of all that the session sees."""
    query = select(col(LineLimit.id), col(LineLimit.line_id), col(LineLimit.kind), col(LineLimit.counter)).where(
        col(LineLimit.id) > after_id
    )
    if contract_id is not None:
        query = query.where(col(LineLimit.contract_id) == contract_id)
    return list(session.execute(query.order_by(col(LineLimit.id)).limit(limit)))


def used(session: Session, line_ids: Collection[int], since: date, until: date) -> dict[int, list[DayUse]]:
    """By line, the incidents of its units that were opened from a day to another; units as seated by the last reconciliation."""
    query = select(_U.c.line_id, _I.c.opened_on, *_SUMS).join_from(_U, _I, _I.c.unit_id == _U.c.unit_id)
    query = query.where(_U.c.line_id > 0, bulk.among(session, _U.c.line_id, line_ids), _I.c.opened_on.between(since, until))
    by_line: dict[int, list[DayUse]] = {}
    for line_id, *day in session.execute(query.group_by(_U.c.line_id, _I.c.opened_on)) if line_ids else ():
        by_line.setdefault(line_id, []).append(_day_use(*day))
    return by_line


def pooled(session: Session, account_id: int, product_id: int | None, since: date, until: date) -> list[DayUse]:
    """The incidents of all units of an account with its subsidiaries, of a product or of all, by day."""
    unit = account_scope.whole(Unit)
    query = select(_I.c.opened_on, *_SUMS).join_from(unit, _I, _I.c.unit_id == unit.c.id)
    query = query.where(unit.c.account_id.in_(_subtree(account_id)), _I.c.opened_on.between(since, until))
    if product_id is not None:
        query = query.where(unit.c.product_id == product_id)
    return [_day_use(*row) for row in session.execute(query.group_by(_I.c.opened_on))]


def named_seats(session: Session, line_ids: Collection[int]) -> dict[int, int]:
    """Deployed units by line."""
    query = select(_U.c.line_id, func.count()).where(_U.c.line_id > 0, bulk.among(session, _U.c.line_id, line_ids), _DEPLOYED)
    return {row[0]: row[1] for row in session.execute(query.group_by(_U.c.line_id))} if line_ids else {}


def pooled_seats(session: Session, account_id: int, product_id: int | None) -> int:
    """Deployed units of an account with its subsidiaries, of a product or of all."""
    query = select(func.count()).where(_U.c.account_id.in_(_subtree(account_id)), _DEPLOYED)
    seats: int = session.execute(query if product_id is None else query.where(_U.c.product_id == product_id)).scalar_one()
    return seats


def _day_use(on: date, calls: int, hours: Any, visits: int, credit: Any) -> DayUse:
    return DayUse(on, calls, Decimal(int(hours)).scaleb(-4), visits, Decimal(int(credit)).scaleb(-4))


def _subtree(account_id: int) -> Any:
    """All accounts below one, also those that a user may not see: what a limit allows is shared."""
    account = account_scope.whole(Account)
    tree = select(account.c.id).where(account.c.id == account_id).cte("pool", recursive=True)
    return select(tree.union(select(account.c.id).where(account.c.parent_id == tree.c.id)).c.id)


def row(session: Session, line_id: int, kind: str, counter: str) -> LineLimit | None:
    of = (col(LineLimit.line_id) == line_id, col(LineLimit.kind) == kind, col(LineLimit.counter) == counter)
    return session.scalars(select(LineLimit).where(*of)).one_or_none()


def line_of(session: Session, contract: str, number: str) -> Row[Any] | None:
    """A line by the number of its contract and its own: `id`, `contract_id`."""
    query = select(col(ContractLine.id), col(ContractLine.contract_id)).join(Contract, col(Contract.id) == col(ContractLine.contract_id))
    return session.execute(query.where(col(Contract.ref) == contract, col(ContractLine.number) == number)).one_or_none()
