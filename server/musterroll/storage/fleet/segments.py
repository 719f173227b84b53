"""Counts and sums of segments: units that match conditions over `unit` left-joined with `unit_status`."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Select, case, func, select, type_coerce
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from musterroll.domain.values.money import Money, totals
from musterroll.storage.contracts.line_prices import line_currency
from musterroll.storage.engine import bulk
from musterroll.storage.tables.accounts import Account, Product, Site
from musterroll.storage.tables.contracts import Contract, ContractLine
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.reconciliation import UnitReconciliation
from musterroll.storage.tables.units import Unit

Where = Sequence[ColumnElement[bool]]

_PRICE, _LIST = type_coerce(col(ContractLine.price), BigInteger), type_coerce(col(Product.list_price), BigInteger)
_VALUE = func.coalesce(_PRICE, _LIST)  # of its contract line, else the list price
_CURRENCY = case((_PRICE.is_not(None), line_currency()), else_=col(Product.currency))
_OWNER = func.coalesce(col(Unit.account_id), col(Site.account_id), 0)


class SegmentSums(NamedTuple):
    units: int
    worth: tuple[Money, ...]  # per year
    unpriced: int


_About = tuple[str, str, str, str, str, str, str, str]


class Customer(NamedTuple):
    """An account with its units in a segment, for CRM and mailing tools; `ref` is empty for units without an account."""

    ref: str
    name: str
    parent_ref: str
    website: str
    phone: str
    postcode: str
    country: str
    segment: str
    units: int
    worth: tuple[Money, ...]


def sums(session: Session, where: Where) -> SegmentSums:
    rows = list(session.execute(_valued(_CURRENCY, func.count(), func.sum(_VALUE), func.count(_VALUE)).where(*where).group_by(_CURRENCY)))
    return SegmentSums(sum(row[1] for row in rows), _worth([(row[0], row[2]) for row in rows]), sum(row[1] - row[3] for row in rows))


def accounts(session: Session, where: Where) -> int:
    """The number of accounts with such units."""
    owners = _valued(_OWNER.label("owner")).where(*where).distinct().subquery()
    count: int = session.execute(select(func.count()).select_from(owners).where(owners.c.owner > 0)).scalar_one()
    return count


def customers(session: Session, where: Where, after: str | None, limit: int) -> list[Customer]:
    """Accounts by number, after `after`; units without an account come first."""
    known = select(col(Account.id)).where(col(Account.ref) > (after or "")).order_by(col(Account.ref))
    unowned: list[Customer] = [] if after is not None else _customers(session, where, [0])
    owners = _valued(_OWNER.label("owner")).where(*where).distinct().subquery()
    ids = session.execute(known.where(col(Account.id).in_(select(owners.c.owner))).limit(limit - len(unowned))).scalars()
    return [*unowned, *sorted(_customers(session, where, list(ids)), key=lambda customer: customer.ref)]


def largest(session: Session, where: Where, limit: int) -> list[Customer]:
    """The accounts with the most such units."""
    counted = _valued(_OWNER.label("owner"), func.count().label("units")).where(*where).group_by(_OWNER)
    ids = [row[0] for row in session.execute(counted.order_by(func.count().desc(), _OWNER).limit(limit))]
    return sorted(_customers(session, where, ids), key=lambda customer: (-customer.units, customer.ref))


def _customers(session: Session, where: Where, ids: Sequence[int]) -> list[Customer]:
    grouped = _valued(_OWNER, _CURRENCY, func.count(), func.sum(_VALUE)).where(*where, bulk.among(session, _OWNER, ids))
    units: dict[int, list[Any]] = {}
    for owner, *row in session.execute(grouped.group_by(_OWNER, _CURRENCY)) if ids else ():
        units.setdefault(owner, []).append(row)
    about = _about(session, list(units))
    nobody = ("", "", "", "", "", "", "", "")
    counted = ((owner, sum(row[1] for row in rows), _worth([(row[0], row[2]) for row in rows])) for owner, rows in units.items())
    return [Customer(*about.get(owner, nobody), count, worth) for owner, count, worth in counted]


def _about(session: Session, ids: Sequence[int]) -> dict[int, _About]:
    parent: Any = aliased(Account)
    a = Account
    columns = (col(a.ref), col(a.name), func.coalesce(parent.ref, ""), col(a.website), col(a.phone), col(a.postcode))
    query = select(col(a.id), *columns, col(a.country), col(a.segment)).outerjoin_from(a, parent, parent.id == col(a.parent_id))
    return (
        {
            row[0]: (row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8])
            for row in session.execute(query.where(bulk.among(session, col(a.id), ids)))
        }
        if ids
        else {}
    )


def _valued(*columns: Any) -> Select[Any]:
    joined = select(*columns).select_from(Unit).outerjoin(UnitStatus, col(UnitStatus.unit_id) == col(Unit.id))
    joined = joined.outerjoin(Site, col(Site.id) == col(Unit.site_id)).join(Product, col(Product.id) == col(Unit.product_id))
    joined = joined.outerjoin(UnitReconciliation, col(UnitReconciliation.unit_id) == col(Unit.id))
    joined = joined.outerjoin(ContractLine, col(ContractLine.id) == col(UnitReconciliation.line_id))
    return joined.outerjoin(Contract, col(Contract.id) == col(ContractLine.contract_id))


def _worth(sums: Sequence[tuple[str, int | None]]) -> tuple[Money, ...]:
    return totals(Money(Decimal(int(value)).scaleb(-4), currency) for currency, value in sums if value)
