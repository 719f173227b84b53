"""Exposure: sums of stretches of operation equal a count second by second, and days add up."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from musterroll.domain.capacity.exposure import CONTRACT, DAY, MONTH_DAYS, NEVER, OLDEST, WARRANTY, ExposureSums, Stretches, sums

_HOUR = 3600
_BOUNDS = [at * DAY for at in (1000, 1031, 1059, 1090)]


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


def _by_hour(found: list[tuple[int, ...]], bounds: list[int]) -> dict[tuple[int, ...], int]:
    """The same, hour by hour: slow and plain."""
    counted: dict[tuple[int, ...], int] = {}
    for product, since, until, born, wf, wt, lf, lt in found:
        for at in range(max(since, bounds[0]), min(until, bounds[-1]), _HOUR):
            day = at // DAY
            month = next(n for n in range(len(bounds)) if at < bounds[n + 1])
            age = max(n for n in range(OLDEST) if n == 0 or day - born >= n * MONTH_DAYS)
            cover = WARRANTY * (wf <= day < wt) + CONTRACT * (lf <= day < lt)
            key = (month, product, age, cover)
            counted[key] = counted.get(key, 0) + _HOUR
    return counted


def _summed(found: list[tuple[int, ...]], bounds: list[int]) -> dict[tuple[int, ...], int]:
    return _as_dict(sums(Stretches(*np.array(found, dtype=np.int64).T), bounds))


def _as_dict(found: ExposureSums) -> dict[tuple[int, ...], int]:
    return {tuple(key): seconds for *key, seconds in zip(*(column.tolist() for column in found), strict=True)}


@settings(max_examples=60, deadline=None)
@given(_stretches())
def test_sums_are_what_counting_hour_by_hour_gives(found: list[tuple[int, ...]]) -> None:
    assert _summed(found, _BOUNDS) == _by_hour(found, _BOUNDS)


@settings(max_examples=40, deadline=None)
@given(_stretches())
def test_days_add_up_to_the_whole(found: list[tuple[int, ...]]) -> None:
    whole = _summed(found, [_BOUNDS[0], _BOUNDS[-1]])
    grown: dict[tuple[int, ...], int] = {}
    for day in range(_BOUNDS[0], _BOUNDS[-1], DAY):
        for key, seconds in _summed(found, [day, day + DAY]).items():
            grown[key] = grown.get(key, 0) + seconds
    assert grown == whole
