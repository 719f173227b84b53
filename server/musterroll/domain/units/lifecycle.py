"""The lifecycle of a unit, as people and documents set it."""

from enum import StrEnum

from musterroll.domain.values.errors import Conflict


class Lifecycle(StrEnum):
    UNRECORDED = "unrecorded"  # enrolled or reporting, no record yet
    STOCK = "stock"
    SHIPPED = "shipped"
    DEPLOYED = "deployed"
    RETURNED = "returned"
    RETIRED = "retired"


_MOVES: dict[Lifecycle, frozenset[Lifecycle]] = {
    Lifecycle.UNRECORDED: frozenset(Lifecycle) - {Lifecycle.UNRECORDED},
    Lifecycle.STOCK: frozenset({Lifecycle.SHIPPED, Lifecycle.DEPLOYED, Lifecycle.RETIRED}),
    Lifecycle.SHIPPED: frozenset({Lifecycle.STOCK, Lifecycle.DEPLOYED, Lifecycle.RETURNED, Lifecycle.RETIRED}),
    Lifecycle.DEPLOYED: frozenset({Lifecycle.RETURNED, Lifecycle.RETIRED, Lifecycle.SHIPPED}),
    Lifecycle.RETURNED: frozenset({Lifecycle.STOCK, Lifecycle.SHIPPED, Lifecycle.DEPLOYED, Lifecycle.RETIRED}),
    Lifecycle.RETIRED: frozenset({Lifecycle.RETURNED, Lifecycle.STOCK}),
}


def checked_move(old: Lifecycle, new: Lifecycle) -> Lifecycle:
    """Returns `new`, if that is a legal move from `old` (or no move). Raises Conflict with the legal moves."""
    if new != old and new not in _MOVES[old]:
        legal = ", ".join(sorted(_MOVES[old]))
        raise Conflict(f"a {old} unit cannot become {new}; from {old} it can become {legal}", "illegal_move")
    return new


def moves_from(old: Lifecycle) -> frozenset[Lifecycle]:
    """The lifecycle states that can follow.

    >>> sorted(moves_from(Lifecycle.RETIRED))
    [<Lifecycle.RETURNED: 'returned'>, <Lifecycle.STOCK: 'stock'>]
    """
    return _MOVES[old]
