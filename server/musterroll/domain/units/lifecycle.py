"""The lifecycle of a unit, as people and documents set it.

To add a state: an entry of `Lifecycle`, its wording in `web.wording.states`, and the words documents use for it in `readers.units`.
"""

from enum import StrEnum
from functools import cache

from musterroll.domain.values.errors import Conflict


class Stage(StrEnum):
    BEFORE = "before"  # not yet in the field
    FIELD = "field"
    AFTER = "after"  # no longer in the field


class Lifecycle(StrEnum):
    stage: Stage
    _onward: str

    # The defaults are for mypy, which reads Lifecycle("stock") as a call of this. `onward`: the states that can follow.
    def __new__(cls, value: str, stage: Stage = Stage.FIELD, onward: str = "") -> "Lifecycle":
        state = str.__new__(cls, value)
        state._value_ = value
        state.stage, state._onward = stage, onward
        return state

    UNRECORDED = "unrecorded", Stage.FIELD, "stock shipped deployed returned retired"  # enrolled or reporting, no record yet
    STOCK = "stock", Stage.BEFORE, "shipped deployed retired"
    SHIPPED = "shipped", Stage.BEFORE, "stock deployed returned retired"
    DEPLOYED = "deployed", Stage.FIELD, "returned retired shipped"
    RETURNED = "returned", Stage.AFTER, "stock shipped deployed retired"
    RETIRED = "retired", Stage.AFTER, "returned stock"


MOVES = tuple(state for state in Lifecycle if state is not Lifecycle.UNRECORDED)  # what a unit can be moved to


def of_stage(stage: Stage) -> tuple[Lifecycle, ...]:
    return tuple(state for state in Lifecycle if state.stage is stage)


@cache
def moves_from(old: Lifecycle) -> frozenset[Lifecycle]:
    """The lifecycle states that can follow.

    >>> sorted(moves_from(Lifecycle.RETIRED))
    [<Lifecycle.RETURNED: 'returned'>, <Lifecycle.STOCK: 'stock'>]
    """
    return frozenset(Lifecycle(name) for name in old._onward.split())


def checked_move(old: Lifecycle, new: Lifecycle) -> Lifecycle:
    """Returns `new`, if that is a legal move from `old` (or no move). Raises Conflict with the legal moves."""
    if new != old and new not in moves_from(old):
        legal = ", ".join(sorted(moves_from(old)))
        raise Conflict(f"a {old} unit cannot become {new}; from {old} it can become {legal}", "illegal_move")
    return new
