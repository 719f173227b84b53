"""Exposure: sums of stretches of operation equal a count hour by hour, and days add up."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from musterroll.domain.capacity.exposure import CONTRACT, DAY, MONTH_DAYS, NEVER, OLDEST, WARRANTY
from musterroll.storage.capacity import exposure_sums
from musterroll.storage.engine.columns import Columns
from sqlalchemy import create_engine
from sqlmodel import Session

_HOUR = 3600
_FIRST, _LAST = (date(1972, 9, 27) - date(1970, 1, 1)).days, (date(1972, 12, 26) - date(1970, 1, 1)).days


@st.composite
def _stretches(draw: st.DrawFn) -> list[tuple[int, ...]]:
    def one() -> tuple[int, ...]:
        since = draw(st.integers(990 * 24, 1095 * 24)) * _HOUR
        until = since + draw(st.integers(0, 60 * 24)) * _HOUR
        born = draw(st.integers(900, 1100))
        covers = [
            (day, day + draw(st.integers(0, 60))) if day else (NEVER, NEVER)
            for day in draw(st.tuples(*[st.sampled_from([0, 995, 1040])] * 2))
        ]
        return (draw(st.integers(1, 3)), since, until, born, *covers[0], *covers[1])

    return [one() for _ in range(draw(st.integers(1, 5)))]


def _by_hour(stretches: list[tuple[int, ...]], first: int, last: int) -> dict[tuple[object, ...], int]:
    """The same, hour by hour: slow and plain."""
    counted: dict[tuple[object, ...], int] = {}
    for product, since, until, born, wf, wt, lf, lt in stretches:
        for second in range(max(since, first * DAY), min(until, last * DAY), _HOUR):
            day = second // DAY
            age = max(n for n in range(OLDEST) if n == 0 or day - born >= n * MONTH_DAYS)
            cover = WARRANTY * (wf <= day < wt) + CONTRACT * (lf <= day < lt)
            key = ((date(1970, 1, 1) + timedelta(day)).replace(day=1), product, age, cover)
            counted[key] = counted.get(key, 0) + _HOUR
    return counted


def _summed(stretches: list[tuple[int, ...]], first: int, last: int) -> dict[tuple[object, ...], int]:
    with Session(create_engine("sqlite://")) as session:
        columns = Columns(session)
        cut = [(product, max(since, first * DAY), min(until, last * DAY), *rest) for product, since, until, *rest in stretches]
        columns.fill("plan_stretch", exposure_sums.STRETCH, cut)
        exposure_sums.make_sums(columns)
        return {tuple(key): seconds for *key, seconds in columns.rows("SELECT month, product_id, age, cover, seconds FROM plan_exposure")}


@settings(max_examples=60, deadline=None)
@given(_stretches())
def test_sums_are_what_counting_hour_by_hour_gives(stretches: list[tuple[int, ...]]) -> None:
    assert _summed(stretches, _FIRST, _LAST) == _by_hour(stretches, _FIRST, _LAST)


@settings(max_examples=5, deadline=None)
@given(_stretches())
def test_days_add_up_to_the_whole(stretches: list[tuple[int, ...]]) -> None:
    grown: dict[tuple[object, ...], int] = {}
    for day in range(_FIRST, _LAST):
        for key, seconds in _summed(stretches, day, day + 1).items():
            grown[key] = grown.get(key, 0) + seconds
    assert grown == _summed(stretches, _FIRST, _LAST)
