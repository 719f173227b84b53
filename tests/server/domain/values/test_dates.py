import random
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st
from musterroll.domain.values.dates import Span, add_months, end_after, held_until, last_day, local_day, next_change

from tests.support.fleets import DAY, days

spans = st.tuples(days, st.integers(1, 400)).map(lambda s: Span(s[0], s[0] + timedelta(days=s[1])))


def test_months_are_clipped_at_the_end_of_a_shorter_month() -> None:
    assert add_months(date(2025, 1, 31), 1) == date(2025, 2, 28)
    assert add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert add_months(date(2025, 11, 30), 3) == date(2026, 2, 28)


@pytest.mark.parametrize(
    ("starts_on", "months", "last"),
    [
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 1, 31), 37, date(2027, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 36, date(2027, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 28)),
        (date(2025, 8, 31), 6, date(2026, 2, 28)),
        (date(2025, 1, 15), 12, date(2026, 1, 14)),
        (date(2025, 1, 1), 12, date(2025, 12, 31)),
    ],
)
def test_the_last_day_of_a_term(starts_on: date, months: int, last: date) -> None:
    assert last_day(end_after(starts_on, months)) == last


def test_a_hundred_thousand_terms_end_as_dateutil_says_or_on_the_first_after_a_missing_day() -> None:
    chance = random.Random(12)
    for _ in range(100_000):
        starts_on = date(1970, 1, 1) + timedelta(days=chance.randrange(84_000))
        months = chance.randrange(601)
        clipped = starts_on + relativedelta(months=months)
        right = clipped if clipped.day == starts_on.day else clipped + timedelta(days=1)
        assert end_after(starts_on, months) == right, (starts_on, months)
        assert add_months(starts_on, months) == clipped


def test_months_past_the_end_of_the_calendar_stop_there() -> None:
    assert add_months(date(9999, 12, 1), 1) == date.max
    assert end_after(date(9999, 1, 31), 24) == date.max


@given(days, st.integers(0, 240))
def test_months_added_land_in_the_right_month(day: date, months: int) -> None:
    later = add_months(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == day.day or (later + timedelta(days=1)).day == 1


def test_an_instant_is_the_day_the_sites_calendar_shows() -> None:
    late = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
    assert local_day(late, UTC) == date(2026, 10, 31)
    assert local_day(late, timezone(timedelta(hours=1))) == date(2026, 11, 1)


def test_a_span_holds_its_first_day_and_not_its_end() -> None:
    span = Span(date(2026, 1, 1), date(2027, 1, 1))
    assert span.holds(date(2026, 1, 1))
    assert span.holds(date(2026, 12, 31))
    assert not span.holds(date(2027, 1, 1))


@given(spans, spans, days)
def test_a_day_is_in_both_spans_when_it_is_in_what_they_share(a: Span, b: Span, day: date) -> None:
    shared = a.within(b)
    assert (a.holds(day) and b.holds(day)) == (shared is not None and shared.holds(day))


@given(st.lists(spans, max_size=6))
def test_cover_holds_without_a_gap_up_to_the_day_it_is_held_until(some: list[Span]) -> None:
    until = held_until(some, DAY)
    assert until is not None
    day = DAY
    while any(span.holds(day) for span in some):
        day += timedelta(days=1)
    assert until == day


@given(st.lists(spans, max_size=6))
def test_nothing_changes_before_the_next_change(some: list[Span]) -> None:
    def holding(day: date) -> list[bool]:
        return [span.holds(day) for span in some]

    after = (DAY + timedelta(days=n) for n in range(1, 1400))
    assert next_change(some, DAY) == next((day for day in after if holding(day) != holding(day - timedelta(days=1))), None)


def test_spans_that_start_on_one_day_are_followed_though_one_has_no_end() -> None:
    day = date(2026, 1, 1)
    assert held_until([Span(day), Span(day, date(2026, 2, 1))], day) is None
