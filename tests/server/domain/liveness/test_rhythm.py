"""What is learned of a unit's rhythm, and when its silence is unusual. Day 4 since 1970 was a Monday."""

from hypothesis import given
from hypothesis import strategies as st
from musterroll.domain.liveness import ListeningSpan, ListeningWindow
from musterroll.domain.liveness.rhythm import (
    ALL_HOURS,
    DAY,
    HOUR,
    LOOK_AHEAD,
    HeardDay,
    Rhythm,
    evidence,
    extended_window,
    heard_hours,
    learn,
    unusual_at,
)

FIRST = 4 + 7 * 1000  # a Monday
ALWAYS = ListeningWindow(0, (FIRST + 100) * DAY)
STEADY, OFF = HeardDay((1 << 24) - 1, 61), HeardDay(0, 0)
WORK = HeardDay(sum(1 << hour for hour in range(8, 18)), 240)


def learned(days: list[HeardDay]) -> Rhythm:
    return learn(days, FIRST + len(days) - 1)


def at(day: int, hour: float) -> int:
    """An hour of a day after four weeks."""
    return int((FIRST + 28 + day) * DAY + hour * HOUR)


def unusual_after(rhythm: Rhythm, heard: int, hearing: ListeningWindow = ALWAYS) -> int:
    """Seconds of silence after which it is unusual, however often it is looked at."""
    now = heard
    while (due := unusual_at(rhythm, heard, hearing, now)) > now:
        now = due
    return (now - heard) // 1000


def test_with_less_than_a_week_of_history_nothing_is_unusual() -> None:
    assert learned([STEADY] * 6).least is None
    assert learned([STEADY] * 7).least == 132


def test_a_steady_unit_is_unusually_quiet_after_two_missed_reports_at_any_hour() -> None:
    rhythm = learned([STEADY] * 28)
    assert rhythm.hours == ALL_HOURS
    assert [unusual_after(rhythm, at(day, hour)) for day, hour in ((0, 3), (5, 23.99), (6, 12))] == [132, 132, 132]
    assert extended_window(rhythm, 186) == 0


def test_one_outage_in_four_weeks_teaches_nothing() -> None:
    days = [STEADY] * 28
    days[9], days[10] = HeardDay(0b11, 5000), OFF
    assert learned(days)[:1] == learned([STEADY] * 28)[:1]


def test_what_recurs_every_week_is_usual() -> None:
    weekly = [day._replace(longest=1200) if number % 7 == 2 else day for number, day in enumerate([STEADY] * 28)]
    assert unusual_after(learned(weekly), at(0, 12)) == 1810
    assert extended_window(learned(weekly), 186) == 1810 + 186


def test_silence_of_nights_and_weekends_does_not_count_for_an_office() -> None:
    rhythm = learned(([WORK] * 5 + [OFF] * 2) * 4)
    assert unusual_after(rhythm, at(1, 12)) == 370 + 120  # at twice its quietest day, or half more than its longest: 240 s
    assert unusual_after(rhythm, at(4, 17.5)) == (at(7, 10) - at(4, 17.5)) // 1000 + 490  # Friday evening to Monday morning
    assert extended_window(rhythm, 186) > 62 * 3600


def test_a_holiday_is_no_new_habit_and_one_week_is_enough_for_a_unit_that_never_rests() -> None:
    weeks = ([WORK] * 5 + [OFF] * 2) * 4
    weeks[7] = OFF
    assert learned(weeks).hours == learned(([WORK] * 5 + [OFF] * 2) * 4).hours
    assert learned([STEADY] * 8).hours == ALL_HOURS
    assert learned([WORK] * 5 + [OFF] * 2).hours == 0


def test_a_daily_sleeper_is_unusual_some_hours_after_its_wake() -> None:
    rhythm = learned([HeardDay(1 << 6, 0)] * 28)
    assert (rhythm.within, rhythm.at_all) == (None, 30 * 3600)
    assert unusual_after(rhythm, at(0, 6.5)) == 30 * 3600


def test_silence_counts_only_while_the_registry_listened() -> None:
    rhythm, heard = learned([STEADY] * 28), at(0, 12)
    deaf = ListeningWindow(heard + 100_000, at(20, 0), (ListeningSpan(at(-20, 0), heard + 50_000, heard + 50_000 - at(-20, 0)),))
    assert unusual_at(rhythm, heard, deaf, heard + 150_000) == heard + 132_000 + 50_000
    assert unusual_at(rhythm, heard, deaf, heard + 182_000) == heard + 182_000


@given(
    days=st.lists(st.builds(HeardDay, st.integers(0, (1 << 24) - 1), st.integers(0, 7200)), min_size=7, max_size=28),
    heard=st.integers(0, 7 * 24 * 60),
    later=st.integers(0, 3 * 24 * 60),
)
def test_a_silence_is_never_unusual_before_its_least_and_a_later_word_never_makes_it_so_sooner(
    days: list[HeardDay], heard: int, later: int
) -> None:
    """So what was worked out for an earlier word stays a time before which nothing need be looked at."""
    rhythm, start = learned(days), at(0, 0) + heard * 60_000
    least = LOOK_AHEAD if rhythm.least is None else min(rhythm.least * 1000, LOOK_AHEAD)
    assert unusual_at(rhythm, start, ALWAYS, start) >= start + least
    assert unusual_at(rhythm, start + later, ALWAYS, start + later) >= unusual_at(rhythm, start, ALWAYS, start)


@given(st.sets(st.integers(0, 61)), st.integers(70, 95))
def test_the_ring_tells_the_hours_of_each_day(back: set[int], hour: int) -> None:
    ring = sum(1 << hours for hours in back)
    told = {24 * day + number for day in range(hour // 24 + 1) for number in range(24) if heard_hours(ring, hour, day) >> number & 1}
    assert told == {hour - hours for hours in back}


def test_the_evidence_names_what_is_usual_where_it_is_usual() -> None:
    office = learned(([WORK] * 5 + [OFF] * 2) * 4)
    assert evidence(office, 61, 600) == (
        "usually reports every 61 s, at most 4 min apart in its usual hours, never silent for more than 3 days in the last 28 days;"
        " silent for 10 min"
    )
