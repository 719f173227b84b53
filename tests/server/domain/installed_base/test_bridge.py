from random import Random

from hypothesis import given
from hypothesis import strategies as st
from musterroll.domain.installed_base.bridge import MERGED, SPLIT, Bridge, BridgeStep
from musterroll.domain.liveness import Liveness
from musterroll.domain.units.lifecycle import Lifecycle

from tests.support.bridge_replay import AxisChange, UnitState, after_change, bridge

LIVE = UnitState(Lifecycle.DEPLOYED, Liveness.OPERATING)
values: dict[str, list[str]] = {"lifecycle": [*Lifecycle], "liveness": [*Liveness], "identity": [MERGED, SPLIT]}
standings = st.builds(UnitState, st.sampled_from(Lifecycle), st.sampled_from(Liveness), st.booleans())
raw = st.sampled_from(sorted(values)).flatmap(
    lambda axis: st.tuples(st.integers(0, 9), st.integers(1, 6), st.just(axis), st.sampled_from(values[axis]))
)
moves = st.lists(raw, max_size=40).map(lambda some: [AxisChange(at, n, unit, axis, new) for n, (at, unit, axis, new) in enumerate(some)])


def walk(start: UnitState, *path: tuple[str, str]) -> Bridge:
    return bridge({1: start}, [AxisChange(n, n, 1, axis, new) for n, (axis, new) in enumerate(path)])


def steps(found: Bridge) -> dict[BridgeStep, int]:
    return {step: count for step, count in found.steps.items() if count}


def test_a_unit_deployed_and_then_heard_is_first_heard() -> None:
    assert steps(walk(UnitState(), ("lifecycle", "deployed"), ("liveness", "operating"))) == {BridgeStep.FIRST_HEARD: 1}


def test_a_unit_heard_and_then_deployed_on_record_is_shipped() -> None:
    assert steps(walk(UnitState(), ("liveness", "operating"), ("lifecycle", "shipped"), ("lifecycle", "deployed"))) == {
        BridgeStep.SHIPPED: 1
    }


def test_going_stale_and_coming_back_are_both_counted() -> None:
    found = walk(LIVE, ("liveness", "late"), ("liveness", "stale"), ("liveness", "operating"))
    assert (found.opening, steps(found), found.closing) == (1, {BridgeStep.GONE_STALE: -1, BridgeStep.REVIVED: 1}, 1)


def test_a_silent_unit_that_is_retired_was_not_in_the_base_any_more() -> None:
    assert steps(walk(LIVE, ("liveness", "stale"), ("lifecycle", "retired"))) == {BridgeStep.GONE_STALE: -1}


def test_a_merge_and_its_undoing_cancel_out() -> None:
    assert walk(LIVE, ("identity", "merged")).steps[BridgeStep.MERGED] == -1
    assert steps(walk(LIVE, ("identity", "merged"), ("identity", "split"))) == {}


def test_moves_count_in_the_order_they_happened_not_as_they_were_read() -> None:
    stale, back = AxisChange(1, 1, 1, "liveness", "stale"), AxisChange(1, 2, 1, "liveness", "operating")
    assert bridge({1: LIVE}, [back, stale]) == bridge({1: LIVE}, [stale, back])


@given(st.dictionaries(st.integers(1, 6), standings), moves, st.randoms(use_true_random=False))
def test_the_bridge_adds_up_exactly_in_any_order_of_the_input(
    opening: dict[int, UnitState], some: list[AxisChange], random: Random
) -> None:
    found = bridge(opening, some)
    closing = dict(opening)
    for move in sorted(some):
        closing[move.unit] = after_change(closing.get(move.unit, UnitState()), move)
    random.shuffle(some)
    assert bridge(opening, some) == found
    assert found.opening + sum(found.steps.values()) == found.closing == sum(unit.in_base for unit in closing.values())


@given(st.dictionaries(st.integers(1, 6), standings), moves, st.integers(0, 10))
def test_two_months_make_one(opening: dict[int, UnitState], some: list[AxisChange], cut: int) -> None:
    middle = dict(opening)
    for move in sorted(move for move in some if move.at < cut):
        middle[move.unit] = after_change(middle.get(move.unit, UnitState()), move)
    first, second = bridge(opening, [m for m in some if m.at < cut]), bridge(middle, [m for m in some if m.at >= cut])
    whole = bridge(opening, some)
    assert first.closing == second.opening
    assert whole.steps == {step: first.steps[step] + second.steps[step] for step in BridgeStep}
