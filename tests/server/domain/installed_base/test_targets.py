"""Levels of targets, and when one was crossed."""

from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from musterroll.domain.installed_base.targets import Aim, Measure, TargetLevel, Value, crossed, level

LICENCES, ORDER = Measure.ACTIVE_LICENCES, [TargetLevel.BELOW, TargetLevel.AT, TargetLevel.ABOVE]
aims = st.builds(Aim, st.decimals(0, 10**6, places=2), st.decimals(0, 100, places=2))


def rank(value: TargetLevel | None) -> int:
    assert value is not None
    return ORDER.index(value)


def test_a_target_without_tolerance_is_met_only_exactly() -> None:
    assert [level(LICENCES, Value(n), Aim(Decimal(100))) for n in (99, 100, 101)] == ORDER


@given(st.integers(0, 10**6), aims)
def test_more_licences_never_lower_the_level(active: int, aim: Aim) -> None:
    assert rank(level(LICENCES, Value(active), aim)) <= rank(level(LICENCES, Value(active + 1), aim))


@given(st.lists(st.integers(85, 100), min_size=1), st.decimals(1, 5, places=1))
def test_what_wavers_about_the_edge_of_the_tolerance_is_reported_once(parts: list[int], tolerance: Decimal) -> None:
    aim, last, reported = Aim(Decimal(95), tolerance), None, []
    for part in parts:
        now = crossed(last, Measure.COVERAGE, Value(part, 100), aim)
        if now is not last:
            reported.append((now, part))
        last = now
    for (before, _), (after, part) in pairwise(reported):
        assert part >= 95 if before is TargetLevel.BELOW else part <= 95 if before is TargetLevel.ABOVE else abs(part - 95) > tolerance
        assert before is not after


def test_nothing_has_no_level_and_crosses_nothing() -> None:
    aim = Aim(Decimal(95))
    assert level(Measure.COVERAGE, Value(0, 0), aim) is None
    assert crossed(TargetLevel.BELOW, Measure.COVERAGE, Value(0, 0), aim) is TargetLevel.BELOW
