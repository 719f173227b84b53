"""Sums over the fleet for pages and lists."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import case, func, select
from sqlmodel import Session, col

from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.storage.accounts import hierarchy
from musterroll.storage.engine import account_scope, bulk
from musterroll.storage.reconciliation import cell_history
from musterroll.storage.reconciliation.unit_states import by_code
from musterroll.storage.tables.accounts import Account, Site
from musterroll.storage.tables.reconciliation import CellCount, CellHistory, UnitReconciliation
from musterroll.storage.tables.units import Unit

_BASE = (3, 7)  # quadrants: deployed and operating
_FIELD = (2, 3, 6, 7)  # quadrants: deployed
_CELLS = 4  # grid cells per degree
_MANY = 1000  # sites
_KNOWN = (col(Site.latitude).is_not(None), col(Site.longitude).is_not(None))


class BaseSums(NamedTuple):
    """Units of an account or site as of the last reconciliation."""

    units: int
    deployed: int
    operating: int  # of the deployed


class MapPlace(NamedTuple):
    """A site with a known position and its units; or several near each other, without a number."""

    ref: str
    name: str
    latitude: float
    longitude: float
    deployed: int
    operating: int
    sites: int = 1


def firmwares(session: Session) -> list[tuple[int, str, int]]:
    """Deployed units by product (id) and firmware."""
    u = Unit
    known = select(col(u.product_id), col(u.firmware), func.count()).where(
        col(u.lifecycle) == Lifecycle.DEPLOYED, col(u.firmware) != "", col(u.merged_into_id).is_(None)
    )
    grouped = known.group_by(col(u.product_id), col(u.firmware)).order_by(col(u.product_id), col(u.firmware))
    return [(row[0], row[1], row[2]) for row in session.execute(grouped)]


def children(session: Session, parent_id: int | None) -> list[tuple[int, str, str, BaseSums]]:
    """The direct subsidiaries of an account (or the roots): id, number, name, and sums including their subsidiaries."""
    a = Account
    here = col(a.parent_id).is_(None) if parent_id is None else col(a.parent_id) == parent_id
    tree = select(col(a.id).label("id"), col(a.id).label("top")).where(here, col(a.merged_into_id).is_(None)).cte("tree", recursive=True)
    tree = tree.union(select(col(a.id), tree.c.top).where(col(a.parent_id) == tree.c.id))
    sums = select(tree.c.top, *_sums(col(CellCount.cell), col(CellCount.units))).join_from(
        tree, CellCount, col(CellCount.of_id) == tree.c.id
    )
    by_top = sums.where(col(CellCount.axis) == "account").group_by(tree.c.top).subquery("by_top")
    query = select(col(a.id), col(a.ref), col(a.name), by_top).join_from(a, by_top, by_top.c.top == col(a.id))
    rows = [(row[0], row[1], row[2], BaseSums(*map(int, row[4:]))) for row in session.execute(query)]
    return sorted(rows, key=lambda child: (-child[3].deployed, child[1]))


def cells_under(session: Session, account_id: int) -> dict[str, int]:
    """Units by quadrant, of an account and its subsidiaries."""
    t = CellCount
    query = select(col(t.cell), func.sum(col(t.units))).where(col(t.axis) == "account", col(t.of_id).in_(hierarchy.subtree(account_id)))
    return by_code({row[0]: int(row[1]) for row in session.execute(query.group_by(col(t.cell)))})


def of_accounts(session: Session, ids: Collection[int]) -> BaseSums:
    """The units of these accounts; 0: without an account."""
    query = select(*_sums(col(CellCount.cell), col(CellCount.units))).where(
        col(CellCount.axis) == "account", col(CellCount.of_id).in_(list(ids))
    )
    return BaseSums(*(int(value or 0) for value in session.execute(query).one()))


def each(session: Session, ids: Collection[int]) -> dict[int, BaseSums]:
    """The units of each of these accounts, without those below it."""
    query = select(col(CellCount.of_id), *_sums(col(CellCount.cell), col(CellCount.units))).where(
        col(CellCount.axis) == "account", col(CellCount.of_id).in_(list(ids))
    )
    return {row[0]: BaseSums(*map(int, row[1:])) for row in session.execute(query.group_by(col(CellCount.of_id)))}


def grid(session: Session) -> list[MapPlace]:
    """Sites with deployed units, grouped by quarter degrees; a site alone keeps its number."""
    here = (
        select(col(UnitReconciliation.site_id), *_sums(col(UnitReconciliation.cell), 1))
        .where(col(UnitReconciliation.site_id) > 0)
        .group_by(col(UnitReconciliation.site_id))
    )
    counted, s = here.subquery("counted"), Site
    cell = (func.round(col(s.latitude) * _CELLS), func.round(col(s.longitude) * _CELLS))
    means = (func.min(col(s.ref)), func.min(col(s.name)), func.avg(col(s.latitude)), func.avg(col(s.longitude)))
    query = select(*means, func.sum(counted.c.deployed), func.sum(counted.c.operating), func.count())
    query = query.join_from(s, counted, counted.c.site_id == col(s.id)).where(*_KNOWN, counted.c.deployed > 0).group_by(*cell)
    rows = session.execute(query.order_by(func.min(col(s.ref))))
    return [MapPlace(row[0] if row[6] == 1 else "", row[1], row[2], row[3], int(row[4]), int(row[5]), row[6]) for row in rows]


def places(session: Session, west: float, south: float, east: float, north: float) -> list[MapPlace] | None:
    """The sites with deployed units in a box of degrees; None if there are too many."""
    s, u = Site, Unit
    inside = (*_KNOWN, col(s.longitude).between(west, east), col(s.latitude).between(south, north))
    ids = list(session.execute(select(col(s.id)).where(*inside).limit(_MANY + 1)).scalars())
    if len(ids) > _MANY:
        return None
    states = account_scope.whole(UnitReconciliation)  # of units in reach: asked twice, PostgreSQL would join all with all
    here = select(col(u.site_id), *_sums(states.c.cell, 1)).join_from(u, states, states.c.unit_id == col(u.id))
    counted = here.where(bulk.among(session, col(u.site_id), ids)).group_by(col(u.site_id)).subquery("counted")
    query = select(col(s.ref), col(s.name), col(s.latitude), col(s.longitude), counted.c.deployed, counted.c.operating)
    query = query.join_from(s, counted, counted.c.site_id == col(s.id)).where(counted.c.deployed > 0)
    return [MapPlace(*row) for row in session.execute(query.order_by(col(s.ref)))] if ids else []


def operating_then(session: Session, on: date, account_ids: Sequence[int]) -> dict[int, int]:
    """The installed base by account on a stored day."""
    h = CellHistory
    query = select(col(h.account_id), func.sum(col(h.units))).where(
        *cell_history.at(on), bulk.among(session, col(h.account_id), account_ids), col(h.cell).in_(_BASE)
    )
    return {row[0]: int(row[1]) for row in session.execute(query.group_by(col(h.account_id)))}


def operating_now(session: Session, account_ids: Sequence[int]) -> dict[int, int]:
    t = CellCount
    query = select(col(t.of_id), func.sum(col(t.units))).where(
        col(t.axis) == "account", bulk.among(session, col(t.of_id), account_ids), col(t.cell).in_(_BASE)
    )
    return {row[0]: int(row[1]) for row in session.execute(query.group_by(col(t.of_id)))}


def _sums(cell: Any, units: Any) -> tuple[Any, Any, Any]:
    def of(cells: tuple[int, ...]) -> Any:
        return func.coalesce(func.sum(case((cell.in_(cells), units), else_=0)), 0)

    return func.sum(units).label("units"), of(_FIELD).label("deployed"), of(_BASE).label("operating")
