"""Geometry of the charts of a product's reliability: failure rate by age, survival by cohort. Templates draw them as SVG."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from musterroll.domain.capacity.rates import EventRate
from musterroll.domain.capacity.survival import SurvivalStep
from musterroll.web.charts.lines import HEIGHT, WIDTH, scale

MONTHS = 12


class HazardChart(NamedTuple):
    """By age band in a box of `WIDTH` by `HEIGHT`: the 95 % ranges (x, top, height) of `width`, the rates as path data, and ticks
    (percent a year, y) from the top, the last one zero."""

    ranges: list[tuple[float, float, float]]
    rates: str
    width: float
    ticks: list[tuple[int, float]]


class CohortCurves(NamedTuple):
    """Survival by age of each cohort as a polyline, ticks (share, y) from the top, and labels (years)."""

    curves: dict[str, str]
    ticks: list[tuple[float, float]]
    years: list[str]


def hazard_chart(rates: Sequence[EventRate]) -> HazardChart | None:
    """Failures per unit-month by age band, as percent a year. None without failures."""
    if not any(rate.events for rate in rates):
        return None
    yearly = 100 * MONTHS
    most = max(rate.rate for rate in rates) * yearly
    _, high, ticks = scale(0, max(1, round(min(3 * most, max(rate.high for rate in rates) * yearly))))
    wide = WIDTH / len(rates)

    def y(value: float) -> float:
        return round(HEIGHT * (1 - min(value * yearly, high) / high), 1)

    ranges = [(round(wide * (n + 0.3), 1), y(rate.high), round(max(y(rate.low) - y(rate.high), 1), 1)) for n, rate in enumerate(rates)]
    dots = "".join(f"M{wide * (n + 0.5):g} {y(rate.rate):g}h0" for n, rate in enumerate(rates))
    return HazardChart(ranges, dots, round(wide * 0.4, 1), [(tick, round(HEIGHT * (1 - tick / high), 1)) for tick in reversed(ticks)])


def cohort_curves(cohorts: Mapping[str, Sequence[SurvivalStep]]) -> CohortCurves | None:
    """None where no unit failed."""
    failed = [steps for steps in cohorts.values() if steps]
    if not failed:
        return None
    low = max(0.0, int(min(steps[-1].survival for steps in failed) * 10) / 10)
    low, most = min(low, 0.9), max(steps[-1].age for steps in failed) * 1.05

    def point(age: float, share: float) -> str:
        return f"{WIDTH * age / most:.1f},{HEIGHT * (1 - share) / (1 - low):.1f}"

    def curve(steps: Sequence[SurvivalStep]) -> str:
        shares = [1.0, *(step.survival for step in steps)]
        corners = [(step.age, share) for step, before in zip(steps, shares, strict=False) for share in (before, step.survival)]
        return " ".join(point(*corner) for corner in [(0.0, 1.0), *corners])

    curves = {name: curve(steps) for name, steps in cohorts.items() if steps}
    shares = [1 - (1 - low) * n / 4 for n in range(5)]
    ticks = [(share, round(HEIGHT * (1 - share) / (1 - low), 1)) for share in shares]
    return CohortCurves(curves, ticks, [f"{most / 365.25 * n / 4:.1f}" for n in range(5)])
