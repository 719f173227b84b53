"""Geometry of line charts over days and of waterfall charts. Templates draw them as SVG."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import accumulate
from math import floor, log10
from typing import NamedTuple

from musterroll.domain.installed_base.bridge import Bridge, BridgeStep

WIDTH, HEIGHT = 1000.0, 240.0
_TICKS = 4


class Lines(NamedTuple):
    """Lines in a box of `WIDTH` by `HEIGHT`: points for <polyline> by name; `ticks` are (value, y) from the top down, `days` labels."""

    points: dict[str, str]
    base: int  # where the axis starts
    ticks: list[tuple[int, float]]
    days: list[date]


class Bar(NamedTuple):
    """One row of a waterfall: a bar from `x` for `width` of `WIDTH`; `step` is None at both ends."""

    name: str
    step: BridgeStep | None
    units: int
    x: float
    width: float
    colour: str


STEPS = {
    BridgeStep.SHIPPED: "Deployed while operating",
    BridgeStep.FIRST_HEARD: "First report",
    BridgeStep.REVIVED: "Reporting again",
    BridgeStep.GONE_STALE: "Gone silent",
    BridgeStep.LIST_TOO_OLD: "Known from a list that is too old",
    BridgeStep.RETIRED: "Returned or retired",
    BridgeStep.MERGED: "Merged duplicates",
}


def lines(days: Sequence[date], values: Mapping[str, Sequence[int]]) -> Lines | None:
    """Lines by name, one value per day. None below two days."""
    if len(days) < 2:
        return None
    every = [value for some in values.values() for value in some]
    low, high, ticks = scale(min(every), max(every))
    span = (days[-1] - days[0]).days

    def point(on: date, value: int) -> str:
        return f"{WIDTH * (on - days[0]).days / span:.1f},{_y(value, low, high):.1f}"

    points = {name: " ".join(point(on, value) for on, value in zip(days, some, strict=True)) for name, some in values.items()}
    labels = [days[round(n * (len(days) - 1) / min(4, len(days) - 1))] for n in range(min(4, len(days) - 1) + 1)]
    return Lines(points, low, [(tick, _y(tick, low, high)) for tick in reversed(ticks)], labels)


def marks(days: Sequence[date], on: Iterable[date]) -> list[float]:
    """Where days lie between the first and the last of a chart, as of `WIDTH`; others are left out."""
    span = (days[-1] - days[0]).days if len(days) > 1 else 0
    return [round(WIDTH * (day - days[0]).days / span, 1) for day in sorted(set(on)) if days[0] <= day <= days[-1]] if span else []


def scale(least: int, most: int) -> tuple[int, int, list[int]]:
    """The ends of an axis and its ticks: round numbers that enclose all values.

    >>> scale(4117, 4540)
    (4000, 4600, [4000, 4200, 4400, 4600])
    """
    step = _round_step(max(most - least, 1) / _TICKS)
    low, high = least // step * step, -(-most // step) * step
    high += step * (high == low)
    return low, high, list(range(low, high + 1, step))


def _round_step(rough: float) -> int:
    power = 10 ** max(0, floor(log10(max(rough, 1))))
    return next(int(power * size) for size in (1, 2, 5, 10) if power * size >= rough)


def _y(value: int, low: int, high: int) -> float:
    return round(HEIGHT * (high - value) / (high - low), 1)


def bars_from(bridge: Bridge) -> int:
    """The number of units at which the bars of a waterfall start."""
    levels = _levels(bridge)
    room = max(max(levels) - min(levels), 1)
    return max(0, min(levels) - max(room // 3, 1))


def _levels(bridge: Bridge) -> list[int]:
    return list(accumulate(bridge.steps.values(), initial=bridge.opening))


def waterfall(bridge: Bridge) -> list[Bar]:
    """The rows of a month, from start to end. The axis does not begin at zero, so that small changes stay visible."""
    levels, base = _levels(bridge), bars_from(bridge)
    of = WIDTH / (max(levels) - base or 1)
    bars = [Bar("Start of month", None, bridge.opening, 0, round((bridge.opening - base) * of, 1), "accent")]
    for (step, units), before in zip(bridge.steps.items(), levels, strict=False):
        start = min(before, before + units) - base
        colour = "operating" if units > 0 else "stale" if units < 0 else "never_heard"
        bars.append(Bar(STEPS[step], step, units, round(start * of, 1), round(abs(units) * of, 1), colour))
    return [*bars, Bar("End of month", None, bridge.closing, 0, round((bridge.closing - base) * of, 1), "accent")]
