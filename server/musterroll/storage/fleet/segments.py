"""Counts and sums of segments: units that match conditions over `unit` left-joined with `unit_status`."""

from collections.abc import Iterable, Sequence
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


class OwnerSums(NamedTuple):
    """The units of an account in a segment, by currency; owner 0: units without an account."""

    owner: int
    currency: str
    units: int
    value: int | None  # per year
    priced: int


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


def by_owner(session: Session, where: Where, among: Sequence[int] | None = None) -> list[OwnerSums]:
    """Such units by the account they belong to, of all accounts or of these."""
    grouped = _valued(_OWNER, _CURRENCY, func.count(), func.sum(_VALUE), func.count(_VALUE)).where(*where)
    some = grouped if among is None else grouped.where(bulk.among(session, _OWNER, among))
    return [OwnerSums(*row) for row in session.execute(some.group_by(_OWNER, _CURRENCY))] if among is None or among else []


def worth(sums: Iterable[OwnerSums]) -> tuple[Money, ...]:
    """Their annual value, by currency."""
    return totals(Money(Decimal(int(row.value)).scaleb(-4), row.currency) for row in sums if row.value)


def customers(session: Session, where: Where, after: str | None, limit: int) -> list[Customer]:
    """Accounts by number, after `after`; units without an account come first."""
    known = select(col(Account.id)).where(col(Account.ref) > (after or "")).order_by(col(Account.ref))
    unowned: list[Customer] = [] if after is not None else described(session, by_owner(session, where, [0]))
    owners = _valued(_OWNER.label("owner")).where(*where).distinct().subquery()
    ids = session.execute(known.where(col(Account.id).in_(select(owners.c.owner))).limit(limit - len(unowned))).scalars()
    owned = described(session, by_owner(session, where, list(ids)))
    return [*unowned, *sorted(owned, key=lambda customer: customer.ref)]


def described(session: Session, sums: Iterable[OwnerSums]) -> list[Customer]:
    """The accounts that these sums are of."""
    owners: dict[int, list[OwnerSums]] = {}
    for row in sums:
        owners.setdefault(row.owner, []).append(row)
    about, nobody = _about(session, list(owners)), ("", "", "", "", "", "", "", "")
    return [Customer(*about.get(owner, nobody), sum(row.units for row in rows), worth(rows)) for owner, rows in owners.items()]


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
