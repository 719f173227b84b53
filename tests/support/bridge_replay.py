"""The bridge of a month as a replay of state changes, one by one: what the same as SQL is compared with."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from musterroll.domain.installed_base.bridge import MERGED, SPLIT, Bridge, BridgeStep
from musterroll.domain.liveness import OPERATING, Liveness
from musterroll.domain.units.lifecycle import Lifecycle


class AxisChange(NamedTuple):
    """A state change. `axis` is lifecycle, liveness or identity; `id` orders changes at the same instant."""

    at: int  # ms
    id: int
    unit: int
    axis: str
    new: str


class UnitState(NamedTuple):
    """The axes of a unit at an instant."""

    lifecycle: Lifecycle = Lifecycle.UNRECORDED
    liveness: Liveness = Liveness.NEVER_HEARD
    merged: bool = False

    @property
    def in_base(self) -> bool:
        return self.lifecycle is Lifecycle.DEPLOYED and self.liveness in OPERATING and not self.merged


class BaseChange(NamedTuple):
    """A unit that entered the base (+1) or left it (-1) by a state change."""

    step: BridgeStep
    move: AxisChange
    sign: int


def bridge(opening: Mapping[int, UnitState], changes: Iterable[AxisChange]) -> Bridge:
    """The bridge over the state changes of a month. `opening`: the units at its start; one not in it did not exist yet."""
    start = sum(unit.in_base for unit in opening.values())
    steps: Counter[BridgeStep] = Counter()
    for change in base_changes(opening, changes):
        steps[change.step] += change.sign
    return Bridge(start, {step: steps[step] for step in BridgeStep}, start + sum(steps.values()))


def base_changes(opening: Mapping[int, UnitState], changes: Iterable[AxisChange]) -> Iterator[BaseChange]:
    """Every time a unit entered or left the base, in order."""
    units = dict(opening)
    for change in sorted(changes):
        before = units.get(change.unit, UnitState())
        after = units[change.unit] = after_change(before, change)
        if before.in_base != after.in_base:
            yield BaseChange(_step(before, change), change, after.in_base - before.in_base)


def after_change(state: UnitState, change: AxisChange) -> UnitState:
    """The state of a unit after a change."""
    if change.axis == "lifecycle":
        return state._replace(lifecycle=Lifecycle(change.new))
    if change.axis == "liveness":
        return state._replace(liveness=Liveness(change.new))
    return state._replace(merged=change.new == MERGED) if change.new in (MERGED, SPLIT) else state


def _step(before: UnitState, change: AxisChange) -> BridgeStep:
    """The step that a change counts under, given that the unit enters or leaves the base by it."""
    if change.axis == "identity":
        return BridgeStep.MERGED
    if change.axis == "lifecycle":
        return BridgeStep.RETIRED if before.in_base else BridgeStep.SHIPPED
    if before.in_base:
        return BridgeStep.LIST_TOO_OLD if change.new == Liveness.UNKNOWN else BridgeStep.GONE_STALE
    return BridgeStep.FIRST_HEARD if before.liveness is Liveness.NEVER_HEARD else BridgeStep.REVIVED
