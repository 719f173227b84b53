"""Contract lines that may be in force, by account, segment and product, in the order of their row ids."""

from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, case, func, or_, select
from sqlmodel import Session, col

from musterroll.domain.contracts.terms import ContractState, LineScope
from musterroll.domain.units.kinds import UnitKind
from musterroll.domain.units.serials import name_key
from musterroll.storage.engine import account_scope
from musterroll.storage.tables.accounts import Account, Product
from musterroll.storage.tables.contracts import Contract, ContractLine
from musterroll.storage.tables.units import Unit

_L, _C = ContractLine, Contract
_U = account_scope.whole(Unit)  # a line may be about a unit that the user does not see; of it only the product is shown


class SoldFilter(NamedTuple):
    """Which lines; all given fields must match, an empty one what is not known. `account`: that of the contract, by number."""

    segment: str | None = None
    maker: str | None = None
    model: str | None = None
    account: str | None = None
    kind: str | None = None


def begun(session: Session, filters: SoldFilter, on: date, after: int, limit: int) -> list[Row[Any]]:
    """Lines of contracts that have begun: the columns of the contract, those of the line as `line_*`, account and product.

    A line for a serial without a product is about the product of the unit that has it.
    """
    alone = select(func.min(_U.c.product_id)).where(_U.c.serial_key == col(_L.serial_key), _U.c.merged_into_id.is_(None))
    holder = alone.having(func.count() == 1).correlate(_L).scalar_subquery()
    product = func.coalesce(col(_L.product_id), case((col(_L.scope) == LineScope.SERIAL, holder)))
    columns = (
        *Contract.__table__.columns,  # type: ignore[attr-defined]
        *(column.label(f"line_{column.name}") for column in ContractLine.__table__.columns),  # type: ignore[attr-defined]
        *(col(Account.ref).label("account_ref"), col(Account.name).label("account_name"), col(Product.maker), col(Product.model)),
    )
    query: Any = (
        select(*columns)
        .join_from(_L, _C, col(_C.id) == col(_L.contract_id))
        .outerjoin(Account, col(Account.id) == col(_C.account_id))
        .outerjoin(Product, col(Product.id) == product)
    )
    begun_by = (col(_C.state) != ContractState.DRAFT, col(_C.starts_on) <= on, or_(col(_L.starts_on).is_(None), col(_L.starts_on) <= on))
    query = query.where(col(_L.id) > after, *begun_by, *_matching(filters))
    return list(session.execute(query.order_by(col(_L.id)).limit(limit)))


def _matching(filters: SoldFilter) -> list[Any]:
    where: list[Any] = []
    if filters.segment is not None:
        where.append(_of_accounts(col(Account.segment) == filters.segment, known=bool(filters.segment)))
    if filters.account is not None:
        where.append(_of_accounts(col(Account.ref) == filters.account, known=bool(filters.account)))
    if filters.model is not None:
        where.append(func.coalesce(col(Product.maker_key), "") == name_key(filters.maker or ""))
        where.append(func.coalesce(col(Product.model_key), "") == name_key(filters.model))
    if filters.kind is not None:
        where.append(func.coalesce(col(Product.kind), UnitKind.DEVICE) == filters.kind)
    return where


def _of_accounts(condition: ColumnElement[bool], *, known: bool) -> ColumnElement[bool]:
    """Lines of contracts of these accounts; where that is not known, of contracts without an account too."""
    mine = col(_C.account_id).in_(select(col(Account.id)).where(condition))
    return mine if known else or_(col(_C.account_id).is_(None), mine)
