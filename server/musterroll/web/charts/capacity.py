"""Geometry of the capacity charts: fan chart, survival curve, back-test. Templates draw them as SVG."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from musterroll.domain.capacity.backtest import BacktestRow
from musterroll.domain.capacity.plan import Plan
from musterroll.domain.capacity.survival import SurvivalStep
from musterroll.web.charts.lines import HEIGHT, WIDTH, scale

PAST = 18  # months of history drawn
_LABELS = 5


class FanChart(NamedTuple):
    """Points of polygons and polylines in a box of `WIDTH` by `HEIGHT`, `dots` as path data, ticks (value, y) from the top, labels."""

    outer: str
    inner: str
    mean: str
    naive: str
    past: str
    dots: str
    now: float
    ticks: list[tuple[int, float]]
    labels: list[date]


class SurvivalCurve(NamedTuple):
    """A survival curve in the same box: band as a polygon, curve as a polyline, ticks (share, y) and labels (years)."""

    band: str
    line: str
    ticks: list[tuple[float, float]]
    years: list[str]


class BacktestChart(NamedTuple):
    outer: list[tuple[float, float, float]]  # x, top, height
    inner: list[tuple[float, float, float]]
    mean: str
    held: str
    missed: str
    width: float
    ticks: list[tuple[int, float]]


def fan_chart(plan: Plan) -> FanChart:
    """Incidents by month: recent history, then the coming year with its ranges and the same months last year."""
    facts = plan.facts
    past = [sum(map(sum, (product.events[n] for product in facts.products))) for n in range(facts.log_starts, len(facts.months))][-PAST:]
    coming = [month.incidents for month in plan.months]
    count = len(past) + len(coming)
    _, high, ticks = scale(0, max([1, *past, *(round(estimate.high95) for estimate in coming)]))

    def x(place: int) -> float:
        return round(WIDTH * (place + 0.5) / count, 1)

    def y(value: float) -> float:
        return round(HEIGHT * (1 - min(value, high) / high), 1)

    ahead = [x(len(past) + n) for n in range(len(coming))]
    months = [*facts.months[len(facts.months) - len(past) :], *(month.month for month in plan.months)]
    return FanChart(
        _between(ahead, [y(estimate.low95) for estimate in coming], [y(estimate.high95) for estimate in coming]),
        _between(ahead, [y(estimate.low80) for estimate in coming], [y(estimate.high80) for estimate in coming]),
        _line(ahead, [y(estimate.mean) for estimate in coming]),
        _line(ahead, [y(month.naive) for month in plan.months]),
        _line([x(n) for n in range(len(past))], [y(value) for value in past]),
        _dots([(x(n), y(value)) for n, value in enumerate(past)]),
        round(WIDTH * len(past) / count, 1),
        [(tick, y(tick)) for tick in reversed(ticks)],
        [months[round(n * (count - 1) / (_LABELS - 1))] for n in range(_LABELS)],
    )


def survival_curve(steps: Sequence[SurvivalStep]) -> SurvivalCurve | None:
    """A survival curve with its 95 % range; None without failures."""
    if not steps:
        return None
    least = min(step.low for step in steps)
    low = max(0.0, int(least * 10) / 10)
    most = steps[-1].age * 1.05

    def x(age: float) -> float:
        return round(WIDTH * age / most, 1)

    def y(share: float) -> float:
        return round(HEIGHT * (1 - share) / (1 - low), 1)

    ends = [*(step.age for step in steps[1:]), most]
    corners = [(0.0, 1.0, 1.0, 1.0), (steps[0].age, 1.0, 1.0, 1.0)]
    for step, end in zip(steps, ends, strict=True):
        corners += [(step.age, step.survival, step.low, step.high), (end, step.survival, step.low, step.high)]
    ages = [x(age) for age, *_ in corners]
    band = _between(ages, [y(corner[2]) for corner in corners], [y(corner[3]) for corner in corners])
    shares = [1 - (1 - low) * n / 4 for n in range(5)]
    years = [f"{most / 365.25 * n / 4:.1f}" for n in range(5)]
    return SurvivalCurve(band, _line(ages, [y(corner[1]) for corner in corners]), [(share, y(share)) for share in shares], years)


def backtest_chart(rows: Sequence[BacktestRow]) -> BacktestChart | None:
    """A back-test: the forecast ranges of each period, and the actual values. None below two periods."""
    if len(rows) < 2:
        return None
    _, high, ticks = scale(0, max(1, *(round(max(row.high95, row.actual)) for row in rows)))
    wide = WIDTH / len(rows)

    def y(value: float) -> float:
        return round(HEIGHT * (1 - min(value, high) / high), 1)

    def bars(ends: Sequence[tuple[float, float]]) -> list[tuple[float, float, float]]:
        return [(round(wide * (n + 0.2), 1), y(top), round(max(y(low) - y(top), 1), 1)) for n, (low, top) in enumerate(ends)]

    places = [(round(wide * (n + 0.5), 1), y(row.actual), row.within80) for n, row in enumerate(rows)]
    return BacktestChart(
        bars([(row.low95, row.high95) for row in rows]),
        bars([(row.low80, row.high80) for row in rows]),
        _dots([(round(wide * (n + 0.5), 1), y(row.mean)) for n, row in enumerate(rows)]),
        _dots([(x, at) for x, at, held in places if held]),
        _dots([(x, at) for x, at, held in places if not held]),
        round(wide * 0.6, 1),
        [(tick, y(tick)) for tick in reversed(ticks)],
    )


def _line(xs: Sequence[float], ys: Sequence[float]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in zip(xs, ys, strict=True))


def _between(xs: Sequence[float], lows: Sequence[float], highs: Sequence[float]) -> str:
    return f"{_line(xs, highs)} {_line(list(reversed(xs)), list(reversed(lows)))}"


def _dots(places: Sequence[tuple[float, float]]) -> str:
    """Zero-length strokes with round ends: dots that stay round when the box is stretched."""
    return "".join(f"M{x:g} {y:g}h0" for x, y in places)
