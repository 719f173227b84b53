"""Pages of the fleet in serial order. Each way to match a text is an indexed select of its own; the page is their union."""

from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select, true, tuple_, union
from sqlmodel import Session, col

from musterroll.domain.liveness import OPERATING, ListeningWindow, Liveness
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.storage.liveness.states import liveness
from musterroll.storage.tables.accounts import Account, Product, Site
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.units import Unit
from musterroll.storage.units import unit_card as unit_cards

_FEW = 2000  # units
_MOST = 500  # accounts, sites or products per text
_AFTER_ALL = "~"  # sorts after every character of a serial key


def page(
    session: Session,
    where: list[ColumnElement[bool]],
    branches: list[ColumnElement[bool]],
    after: tuple[str, int] | None,
    limit: int,
) -> list[Row[Any]]:
    """Up to `limit` units in serial order after `after` that match all of `where` and any of `branches` (if given)."""
    where = [*where, col(Unit.merged_into_id).is_(None)]
    if after is not None:
        where = [*where, tuple_(col(Unit.serial_key), col(Unit.id)) > after]
    picks = [_pick(and_(branch, *where), limit) for branch in branches or [true()]]
    query = picks[0] if len(picks) == 1 else _merged(picks, limit)
    return unit_cards.by_ids(session, [row[0] for row in session.execute(query)])


def _pick(condition: ColumnElement[bool], limit: int) -> Any:
    pick = select(col(Unit.id), col(Unit.serial_key)).outerjoin_from(Unit, UnitStatus, col(UnitStatus.unit_id) == col(Unit.id))
    return pick.where(condition).order_by(col(Unit.serial_key), col(Unit.id)).limit(limit)


def _merged(picks: list[Any], limit: int) -> Any:
    parts = [select(pick.subquery()) for pick in picks]
    merged = union(*parts).subquery()
    return select(merged).order_by(merged.c.serial_key, merged.c.id).limit(limit)


def unit_ids(session: Session, where: list[ColumnElement[bool]]) -> list[int]:
    """The row ids of all units that match conditions."""
    query = select(col(Unit.id)).outerjoin_from(Unit, UnitStatus, col(UnitStatus.unit_id) == col(Unit.id))
    return list(session.execute(query.where(*where)).scalars())


def is_registered() -> ColumnElement[bool]:
    return col(Unit.merged_into_id).is_(None)


def is_lifecycle(value: Lifecycle) -> ColumnElement[bool]:
    return col(Unit.lifecycle) == value


def is_liveness(session: Session, value: Liveness, listening: ListeningWindow, now: int) -> ColumnElement[bool]:
    """Units with a liveness. Few are listed by id, as scanning the fleet for them is slow."""
    state: ColumnElement[bool] = liveness(listening, now) == value.value
    if value is Liveness.NEVER_HEARD:  # mostly units without a status
        return state
    ids = list(session.execute(select(col(UnitStatus.unit_id)).where(state).limit(_FEW + 1)).scalars())
    return state if len(ids) > _FEW else col(Unit.id).in_(ids)


def is_operating(listening: ListeningWindow, now: int) -> ColumnElement[bool]:
    return liveness(listening, now).in_(sorted(OPERATING))


def of_account(ref: str) -> ColumnElement[bool]:
    return col(Unit.account_id) == select(col(Account.id)).where(col(Account.ref) == ref).scalar_subquery()


def of_site(ref: str) -> ColumnElement[bool]:
    return col(Unit.site_id) == select(col(Site.id)).where(col(Site.ref) == ref).scalar_subquery()


def of_product(maker_key: str, model_key: str) -> ColumnElement[bool]:
    product = select(col(Product.id)).where(col(Product.maker_key) == maker_key, col(Product.model_key) == model_key)
    return col(Unit.product_id) == product.scalar_subquery()


def serial_begins(key: str) -> ColumnElement[bool]:
    return and_(col(Unit.serial_key) >= key, col(Unit.serial_key) < key + _AFTER_ALL)


def names(session: Session, text: str) -> list[ColumnElement[bool]]:
    """Conditions for accounts, sites or products that `text` matches: part of a name, or the start of a number."""
    part = "%" + _literal(text.lower()) + "%"
    start = part[1:]
    ways = (
        (Unit.account_id, Account.id, or_(_like(Account.name, part), _like(Account.ref, start))),
        (Unit.site_id, Site.id, or_(_like(Site.name, part), _like(Site.ref, start))),
        (Unit.product_id, Product.id, or_(_like(Product.model, part), _like(Product.maker, part))),
    )
    branches = []
    for column, key, condition in ways:
        ids = list(session.execute(select(col(key)).where(condition).limit(_MOST)).scalars())
        if ids:
            branches.append(col(column) == ids[0] if len(ids) == 1 else col(column).in_(ids))
    return branches


def _like(column: Any, pattern: str) -> ColumnElement[bool]:
    return func.lower(col(column)).like(pattern, escape="\\")


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
