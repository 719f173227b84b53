"""The rules of silence on a small simulated fleet: `python -m tests.silence` measures them on a larger one."""

from tests.silence.__main__ import table
from tests.silence.fleets import fleet


def test_rhythm_and_outages_are_better_than_the_class_rule_and_a_timeout_on_false_alarms_and_on_time_to_detect() -> None:
    figures = table([*fleet(1, 200), *fleet(2, 200)])
    ours = figures.pop("rhythm and outages")
    assert ours.false_alarms < 25
    assert ours.false_alarms < 0.1 * figures["class rule"].false_alarms
    assert ours.median < figures["class rule"].median
    assert ours.p90 < figures["class rule"].p90
    (as_rare,) = (line for name, line in figures.items() if "as rarely wrong" in name)
    assert as_rare.false_alarms <= ours.false_alarms
    assert ours.median < 0.1 * as_rare.median
    assert ours.p90 < as_rare.p90
    assert figures["timeout of 5 min for all"].median > ours.median
