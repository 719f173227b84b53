"""Contracts due, with the value of their lines and the units on them."""

from collections.abc import Collection, Iterator
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Row, Select, and_, case, func, or_, select, type_coerce
from sqlmodel import Session, col

from musterroll.domain.contracts.terms import ContractState, ContractTerms, days_in_force, line_span, worth_day
from musterroll.domain.values.money import Money, totals
from musterroll.storage.accounts import hierarchy
from musterroll.storage.contracts.line_prices import line_currency
from musterroll.storage.contracts.shared_units import SharedUnit, shared_units
from musterroll.storage.engine import bulk
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.contracts import Contract, ContractLine, Invoice
from musterroll.storage.tables.reconciliation import UnitReconciliation
from musterroll.storage.tables.units import Unit
from musterroll.storage.tables.warranty import WarrantyPeriod

_C, _L = Contract, ContractLine
_GROUP = (col(_L.contract_id), line_currency(), col(_L.starts_on), col(_L.ends_on))
_SILENT = col(UnitReconciliation.cell).op("&")(1) == 0


class ContractWorth(NamedTuple):
    """Seats of a contract, their annual value by currency as far as priced, and the unpriced seats."""

    seats: int = 0
    value: tuple[Money, ...] = ()
    unpriced: int = 0


class ContractRisk(NamedTuple):
    """Silent units on the lines of a contract, and the annual value of their seats; those that another contract shares."""

    silent: int = 0
    value: tuple[Money, ...] = ()
    shared: tuple[SharedUnit, ...] = ()


def may_end(session: Session, on: date, until: date, account_id: int | None = None) -> list[Row[Any]]:
    """Contracts in force with a term that may end by a day: columns of the table, `account_ref`, `account_name`, `payment`."""
    columns = (*Contract.__table__.columns, col(Account.ref).label("account_ref"), col(Account.name).label("account_name"))  # type: ignore[attr-defined]
    query = select(*columns, col(Invoice.payment)).outerjoin_from(_C, Account, col(Account.id) == col(_C.account_id))
    soon = and_(col(_C.ends_on) > on, or_(col(_C.ends_on) <= until, col(_C.ended_on) <= until))
    again = and_(col(_C.auto_renew).is_(True), col(_C.state) == ContractState.ACTIVE, col(_C.ends_on) <= on)
    query = query.outerjoin(Invoice, col(Invoice.contract_id) == col(_C.id)).where(col(_C.state) != ContractState.DRAFT, or_(soon, again))
    if account_id is not None:
        query = query.where(col(_C.account_id).in_(hierarchy.subtree(account_id)))
    return list(session.execute(query))


def worth_by_contract(session: Session, contracts: Collection[ContractTerms], on: date) -> dict[int, ContractWorth]:
    """Seats and annual value by contract, of the lines in force at its end (`terms.worth_day`)."""
    price = type_coerce(col(_L.price), BigInteger)
    columns = (func.sum(col(_L.quantity)), func.sum(price * col(_L.quantity)), func.sum(case((price.is_(None), col(_L.quantity)), else_=0)))
    query = select(*_GROUP, *columns).join_from(_L, _C, col(_C.id) == col(_L.contract_id))
    worth: dict[int, ContractWorth] = {}
    for contract_id, currency, seats, value, unpriced in _at_end(session, query, contracts, on):
        known = worth.get(contract_id, ContractWorth())
        amounts = totals((*known.value, _money(value, currency)))
        worth[contract_id] = ContractWorth(known.seats + int(seats), amounts, known.unpriced + int(unpriced or 0))
    return worth


def risk_by_contract(session: Session, contracts: Collection[ContractTerms], on: date) -> dict[int, ContractRisk]:
    """Silent units and their annual value by contract, as of the last reconciliation, on the lines in force at its end."""
    price = type_coerce(col(_L.price), BigInteger)
    query = select(*_GROUP, func.count(), func.sum(price)).join_from(UnitReconciliation, _L, col(_L.id) == col(UnitReconciliation.line_id))
    query = query.join(_C, col(_C.id) == col(_L.contract_id)).where(col(UnitReconciliation.line_id) > 0, _SILENT)
    risk: dict[int, ContractRisk] = {}
    for contract_id, currency, silent, value in _at_end(session, query, contracts, on):
        known = risk.get(contract_id, ContractRisk())
        risk[contract_id] = ContractRisk(known.silent + silent, totals((*known.value, _money(value, currency))))
    for contract_id, units in shared_units(session, contracts, on).items():
        known, further = risk.get(contract_id, ContractRisk()), [unit for unit in units if not unit.main]
        value = totals((*known.value, *(unit.value for unit in further)))
        risk[contract_id] = ContractRisk(known.silent + len(further), value, tuple(units))
    return risk


def _at_end(session: Session, query: Select[Any], contracts: Collection[ContractTerms], on: date) -> Iterator[tuple[Any, ...]]:
    """The sums of a query by contract and currency, of the lines that are in force on the day that counts."""
    by_id = {contract.id: (contract, worth_day(contract, on)) for contract in contracts}
    if not by_id:
        return
    query = query.where(bulk.among(session, col(_L.contract_id), by_id)).group_by(*_GROUP)
    for contract_id, currency, starts_on, ends_on, *sums in session.execute(query):
        contract, day = by_id[contract_id]
        if days_in_force(line_span(contract, starts_on, ends_on), contract, day) is not None:
            yield contract_id, currency, *sums


def units_by_line(session: Session, line_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Units and operating units by line."""
    query = select(col(UnitReconciliation.line_id), func.count(), func.sum(case((_SILENT, 0), else_=1)))
    line_id = col(UnitReconciliation.line_id)
    query = query.where(line_id > 0, bulk.among(session, line_id, line_ids)).group_by(line_id)
    return {row[0]: (row[1], int(row[2])) for row in session.execute(query)} if line_ids else {}


def units_by_serial(session: Session, serial_keys: Collection[str]) -> dict[str, list[Row[Any]]]:
    """Registered units by serial key: `uid`, `serial`, `product_id`, `cell` (None: not reconciled yet)."""
    columns = (col(Unit.serial_key), col(Unit.uid), col(Unit.serial), col(Unit.product_id), col(UnitReconciliation.cell))
    query = select(*columns).outerjoin_from(Unit, UnitReconciliation, col(UnitReconciliation.unit_id) == col(Unit.id))
    query = query.where(bulk.among(session, col(Unit.serial_key), serial_keys), col(Unit.merged_into_id).is_(None)).order_by(col(Unit.id))
    by_serial: dict[str, list[Row[Any]]] = {}
    for row in session.execute(query) if serial_keys else ():
        by_serial.setdefault(row.serial_key, []).append(row)
    return by_serial


def in_warranty_only(session: Session, on: date) -> int:
    """Number of deployed units in warranty on a day, without a contract."""
    w = WarrantyPeriod
    alive = and_(
        col(w.starts_on) <= on, or_(col(w.ends_on).is_(None), col(w.ends_on) > on), or_(col(w.voided_on).is_(None), col(w.voided_on) > on)
    )
    covered = select(col(w.unit_id)).where(col(w.unit_id) == col(UnitReconciliation.unit_id), alive).correlate(UnitReconciliation).exists()
    count: int = session.execute(
        select(func.count()).select_from(UnitReconciliation).where(col(UnitReconciliation.cell).in_([2, 3]), covered)
    ).scalar_one()
    return count


def _money(value: int | None, currency: str) -> Money | None:
    return None if value is None else Money(Decimal(int(value)).scaleb(-4), currency)
