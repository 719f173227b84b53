"""The eight cells of some units, or sliced: by account with all below it, site, product, segment or country."""

from typing import Any, NamedTuple

from sqlmodel import Session

from musterroll.registry import timeline
from musterroll.registry.timeline import Scope, Slice
from musterroll.storage import accounts, cell_counts, installed_base
from musterroll.storage.standings import by_code

SLICES = (Slice.ACCOUNT, Slice.SITE, Slice.PRODUCT, Slice.SEGMENT, Slice.COUNTRY)
_NOTHING = by_code({})


class Sliced(NamedTuple):
    """One row: what it is called (empty: units of none) and its cells as the last run left them, of accounts with all below them."""

    ref: str
    name: str
    cells: dict[str, int]


def cells(session: Session, scope: Scope) -> dict[str, int]:
    """The cells of the units in this scope. Raises NotFound for what it names."""
    return cell_counts.cells(session, "all", timeline.rows_of(session, scope)).get(0, _NOTHING)


def cells_by(session: Session, by: Slice, scope: Scope) -> list[Sliced]:
    """The cells of the units in this scope, sliced. Raises NotFound."""
    counted = cell_counts.cells(session, by.value, timeline.rows_of(session, scope))
    if by in (Slice.SEGMENT, Slice.COUNTRY):
        return [Sliced(key, key, found) for key, found in sorted(counted.items())]
    if by is Slice.ACCOUNT:
        return _accounts(session, counted)
    named = installed_base.names(session, by.value) | {0: ("", "")}
    return sorted(Sliced(*named[key], found) for key, found in counted.items())


def _accounts(session: Session, counted: dict[Any, dict[str, int]]) -> list[Sliced]:
    """In the order of the tree, those that have units or have them below; at the end the units of none."""
    nodes = accounts.tree(session, None)
    rolled = {node.id: dict(counted.get(node.id, _NOTHING)) for node in nodes}
    for node in sorted(nodes, key=lambda one: -one.depth):
        if node.parent_id in rolled:
            above = rolled[node.parent_id]
            above.update({code: above[code] + units for code, units in rolled[node.id].items()})
    found = [Sliced(node.ref, node.name, rolled[node.id]) for node in nodes if any(rolled[node.id].values())]
    return [*found, *(Sliced("", "", counted[key]) for key in counted if key not in rolled)]
