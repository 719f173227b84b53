"""How the installed base came from its size at the start of a month to that at its end, step by step, adding up exactly.

The installed base here is the units deployed and operating. Every transition that takes a unit in or out of it counts under one step,
so opening + all steps = closing whatever happened, in whatever order.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from musterroll.domain.liveness import Liveness
from musterroll.domain.reconciliation.cells import OPERATING
from musterroll.domain.units.lifecycle import Lifecycle

MERGED, SPLIT = "merged", "split"  # values of the identity axis: merged into another unit, and that undone


class BridgeStep(StrEnum):
    SHIPPED = "shipped"  # deployed on record while it was operating
    FIRST_HEARD = "first_heard"
    REVIVED = "revived"
    GONE_STALE = "gone_stale"  # or silent and held
    RETIRED = "retired"  # or returned to stock: on record no longer deployed
    MERGED = "merged"  # into another unit; less those split again


class AxisChange(NamedTuple):
    """One transition: `axis` is lifecycle, liveness or identity. `id` orders those of one instant."""

    at: int  # ms
    id: int
    unit: int
    axis: str
    new: str


class UnitState(NamedTuple):
    """A unit on its axes at one moment."""

    lifecycle: Lifecycle = Lifecycle.UNRECORDED
    liveness: Liveness = Liveness.NEVER_HEARD
    merged: bool = False

    @property
    def in_base(self) -> bool:
        return self.lifecycle is Lifecycle.DEPLOYED and self.liveness in OPERATING and not self.merged


class Bridge(NamedTuple):
    """`steps` are signed; every step is there."""

    opening: int
    steps: dict[BridgeStep, int]
    closing: int


class BaseChange(NamedTuple):
    """One unit going into the base (+1) or out of it (-1) by one move."""

    step: BridgeStep
    move: AxisChange
    sign: int


def bridge(opening: Mapping[int, UnitState], moves: Iterable[AxisChange]) -> Bridge:
    """The bridge over the moves of a month, from how its units stood at its start (a unit not named was not there yet)."""
    start = sum(unit.in_base for unit in opening.values())
    steps: Counter[BridgeStep] = Counter()
    for passage in base_changes(opening, moves):
        steps[passage.step] += passage.sign
    return Bridge(start, {step: steps[step] for step in BridgeStep}, start + sum(steps.values()))


def base_changes(opening: Mapping[int, UnitState], moves: Iterable[AxisChange]) -> Iterator[BaseChange]:
    """Every time a unit came in or went out, in order."""
    units = dict(opening)
    for move in sorted(moves):
        before = units.get(move.unit, UnitState())
        after = units[move.unit] = after_change(before, move)
        if before.in_base != after.in_base:
            yield BaseChange(_step(before, move), move, after.in_base - before.in_base)


def after_change(standing: UnitState, move: AxisChange) -> UnitState:
    """How a unit stands after a move."""
    if move.axis == "lifecycle":
        return standing._replace(lifecycle=Lifecycle(move.new))
    if move.axis == "liveness":
        return standing._replace(liveness=Liveness(move.new))
    return standing._replace(merged=move.new == MERGED) if move.new in (MERGED, SPLIT) else standing


def _step(before: UnitState, move: AxisChange) -> BridgeStep:
    """What a move counts under, given that it takes a unit in or out of the base."""
    if move.axis == "identity":
        return BridgeStep.MERGED
    if move.axis == "lifecycle":
        return BridgeStep.RETIRED if before.in_base else BridgeStep.SHIPPED
    if before.in_base:
        return BridgeStep.GONE_STALE
    return BridgeStep.FIRST_HEARD if before.liveness is Liveness.NEVER_HEARD else BridgeStep.REVIVED
