"""Use per day, compared with the growth of the counter interpolated at each midnight by numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from musterroll.domain.usage.days import DAY, GAP, CounterUse, Reading, by_day, read

START = 20_000 * DAY
steps = st.tuples(st.integers(1, 5 * DAY), st.one_of(st.integers(0, 10**6), st.just(0)), st.booleans())


def series(drawn: list[tuple[int, int, bool]]) -> list[Reading]:
    """Readings after random times: the counter grows, or was reset and counts from zero."""
    at, value, readings = START, 500.0, [Reading(START, 500.0)]
    for length, grown, reset in drawn:
        at += length
        value = float(grown) if reset and grown < value else value + grown
        readings.append(Reading(at, value))
    return readings


def taken(readings: list[Reading]) -> tuple[CounterUse, dict[int, float]]:
    known, sums = None, dict[int, float]()
    for reading in readings:
        known, changes = read(known, reading, reading.at)
        for day, change in changes.items():
            sums[day] = sums.get(day, 0) + change.use
    assert known is not None
    return known, sums


def interpolated(readings: list[Reading]) -> dict[int, float]:
    values = np.array([reading.value for reading in readings])
    growth = np.diff(values)
    total = np.concatenate([[0], np.cumsum(np.where(growth < 0, values[1:], growth))])
    first, last = readings[0].at // DAY, readings[-1].at // DAY
    midnights = np.arange(first, last + 2) * DAY
    use = np.diff(np.interp(midnights, [reading.at for reading in readings], total))
    return {first + n: value for n, value in enumerate(use) if value > 0}


@given(st.lists(steps, min_size=1, max_size=15))
def test_use_per_day_is_the_interpolated_growth(drawn: list[tuple[int, int, bool]]) -> None:
    readings = series(drawn)
    known, sums = taken(readings)
    days = {day: abs(use) for day, use in by_day(known).items()}
    assert {day: use for day, use in sums.items() if use} == pytest.approx(days)
    assert {day: use for day, use in days.items() if use > 1e-6} == pytest.approx(
        {day: use for day, use in interpolated(readings).items() if use > 1e-6}, rel=1e-6, abs=1e-3
    )
    assert (known.last_day is None) == (not days)
    assert known.last_day is None or known.last_day == max(days)


@given(st.lists(steps, min_size=1, max_size=10), st.integers(1, 20 * DAY), st.integers(0, 10**6))
def test_an_undone_reading_leaves_what_was_before(drawn: list[tuple[int, int, bool]], length: int, grown: int) -> None:
    readings = series(drawn)
    before, _ = taken(readings)
    later = Reading(readings[-1].at + length, readings[-1].value + grown)
    after, added = read(before, later, later.at)
    undone, removed = read(after, readings[-1], later.at)
    assert {day: abs(use) for day, use in by_day(undone).items()} == pytest.approx({day: abs(use) for day, use in by_day(before).items()})
    assert undone.last == before.last
    assert {day: change.units for day, change in removed.items()} == {day: -change.units for day, change in added.items()}


def test_a_long_gap_is_averaged_and_a_short_one_is_not() -> None:
    known, _ = read(None, Reading(START, 0), START)
    short, _ = read(known, Reading(START + GAP, 36), START + GAP)
    assert by_day(short) == {20_000: 24.0, 20_001: 12.0}
    gap, _ = read(known, Reading(START + 4 * DAY, 40), START + 4 * DAY)
    assert by_day(gap) == {20_000: -10.0, 20_001: -10.0, 20_002: -10.0, 20_003: -10.0}


def test_a_first_reading_is_no_use_but_says_that_there_was_some() -> None:
    assert read(None, Reading(START, 7), START) == (CounterUse(Reading(START, 7), first_day=20_000), {})
    assert read(None, Reading(START, 0), START)[0].first_day is None


def test_days_from_a_clock_that_was_ahead_are_forgotten() -> None:
    known, _ = read(None, Reading(START, 0), START)
    known, _ = read(known, Reading(START + DAY // 2, 50), START + DAY // 2)
    ahead, added = read(known, Reading(START + 9 * DAY, 60), START + 9 * DAY)
    back, removed = read(ahead, Reading(START + DAY, 61), START + DAY)
    assert max(by_day(back)) == 20_001
    assert {day: (-change.use, -change.units) for day, change in removed.items()} == {
        day: tuple(change) for day, change in added.items() if day > 20_001
    }
