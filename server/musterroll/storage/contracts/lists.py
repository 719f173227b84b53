"""Lists of contracts and their lines."""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, case, func, select
from sqlmodel import Session, col

from musterroll.domain.contracts.terms import ContractState, LineScope
from musterroll.storage.accounts import hierarchy
from musterroll.storage.contracts.line_prices import line_currency
from musterroll.storage.engine import search
from musterroll.storage.tables.accounts import Account, Product, Site
from musterroll.storage.tables.contracts import Contract, ContractLine, Invoice

_C, _L = Contract, ContractLine
_LINES = select(func.count()).where(col(_L.contract_id) == col(_C.id)).scalar_subquery()
_CONTRACTS: Any = (
    select(
        *Contract.__table__.columns,  # type: ignore[attr-defined]
        col(Account.ref).label("account_ref"),
        col(Account.name).label("account_name"),
        col(Invoice.payment),
        col(Invoice.invoiced_on),
        col(Invoice.subscription),
        _LINES.label("lines"),
    )
    .outerjoin_from(_C, Account, col(Account.id) == col(_C.account_id))
    .outerjoin(Invoice, col(Invoice.contract_id) == col(_C.id))
)
_IN_SCOPE = col(_L.scope).in_([LineScope.SITE, LineScope.SERIAL])
_PLACED: Any = (
    select(
        *(column for column in ContractLine.__table__.columns if column.name != "currency"),  # type: ignore[attr-defined]
        case((_IN_SCOPE, col(Site.ref)), else_=col(Account.ref)).label("place_ref"),
        case((_IN_SCOPE, col(Site.name)), else_=col(Account.name)).label("place_name"),
        col(Product.maker),
        col(Product.model),
        line_currency().label("currency"),
    )
    .join_from(_L, _C, col(_C.id) == col(_L.contract_id))
    .outerjoin(Site, and_(_IN_SCOPE, col(Site.id) == col(_L.place_id)))
    .outerjoin(Account, and_(~_IN_SCOPE, col(Account.id) == col(_L.place_id)))
    .outerjoin(Product, col(Product.id) == col(_L.product_id))
)


class ContractFilter(NamedTuple):
    """Which contracts; all given fields must match."""

    account_id: int | None = None  # includes subsidiaries
    state: ContractState | None = None
    text: str = ""  # part of the number or of the account name


def page(session: Session, filters: ContractFilter, after: str | None, limit: int) -> list[Row[Any]]:
    """Contracts by number, after `after`: columns of the table, account (`account_*`), invoice, and the number of `lines`."""
    where: list[ColumnElement[bool]] = []
    if after is not None:
        where.append(col(_C.ref) > after)
    if filters.account_id is not None:
        where.append(col(_C.account_id).in_(hierarchy.subtree(filters.account_id)))
    if filters.state is not None:
        where.append(col(_C.state) == filters.state)
    if filters.text:
        where.append(search.holds(filters.text, _C.ref, Account.name))
    return list(session.execute(_CONTRACTS.where(*where).order_by(col(_C.ref)).limit(limit)))


def by_ref(session: Session, ref: str) -> Row[Any] | None:
    row: Row[Any] | None = session.execute(_CONTRACTS.where(col(_C.ref) == ref)).one_or_none()
    return row


def lines(session: Session, contract_id: int, after_id: int, limit: int) -> list[Row[Any]]:
    """Lines of a contract by row id, after `after_id`: columns of the table, place and product, and the currency."""
    query = _PLACED.where(col(_L.contract_id) == contract_id, col(_L.id) > after_id)
    return list(session.execute(query.order_by(col(_L.id)).limit(limit)))
