"""The eight quadrants of some units, or broken down by account, site, product, segment or country."""

from typing import Any, NamedTuple

from sqlmodel import Session

from musterroll.storage.accounts import hierarchy
from musterroll.storage.installed_base import cells_by as cells_by_slice
from musterroll.storage.installed_base import counts as base_counts
from musterroll.storage.reconciliation.unit_states import by_code
from musterroll.usecases.installed_base import as_of as base_as_of
from musterroll.usecases.installed_base.as_of import BaseScope, Slice

SLICES = (Slice.ACCOUNT, Slice.SITE, Slice.PRODUCT, Slice.SEGMENT, Slice.COUNTRY)
_NOTHING = by_code({})


class CellsPart(NamedTuple):
    """A row of the breakdown, as of the last run; `ref` and `name` are empty for units without one. Accounts include subsidiaries."""

    ref: str
    name: str
    cells: dict[str, int]


def cells(session: Session, scope: BaseScope) -> dict[str, int]:
    """The quadrants of the units in this scope. Raises NotFound."""
    return cells_by_slice.cells(session, "all", base_as_of.rows_of(session, scope)).get(0, _NOTHING)


def cells_by(session: Session, by: Slice, scope: BaseScope) -> list[CellsPart]:
    """The quadrants of the units in this scope, broken down. Raises NotFound."""
    counted = cells_by_slice.cells(session, by.value, base_as_of.rows_of(session, scope))
    if by in (Slice.SEGMENT, Slice.COUNTRY):
        return [CellsPart(key, key, cells) for key, cells in sorted(counted.items())]
    if by is Slice.ACCOUNT:
        return _accounts(session, counted)
    named = base_counts.names(session, by.value) | {0: ("", "")}
    return sorted(CellsPart(*named[key], cells) for key, cells in counted.items())


def _accounts(session: Session, counted: dict[Any, dict[str, int]]) -> list[CellsPart]:
    """Accounts with units, subsidiaries included, in tree order; last, units without an account."""
    nodes = hierarchy.tree(session, None)
    rolled = {node.id: dict(counted.get(node.id, _NOTHING)) for node in nodes}
    for node in sorted(nodes, key=lambda account: -account.depth):
        if node.parent_id in rolled:
            above = rolled[node.parent_id]
            above.update({code: above[code] + units for code, units in rolled[node.id].items()})
    slices = [CellsPart(node.ref, node.name, rolled[node.id]) for node in nodes if any(rolled[node.id].values())]
    return [*slices, *(CellsPart("", "", counted[key]) for key in counted if key not in rolled)]
