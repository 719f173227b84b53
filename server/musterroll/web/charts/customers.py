"""Geometry of the retention of customers by cohort. Templates draw it as SVG."""

from collections.abc import Sequence
from typing import NamedTuple

from musterroll.domain.customers.cohorts import RetentionCurve
from musterroll.web.charts.lines import HEIGHT, WIDTH

_TICKS = 4


class RetentionChart(NamedTuple):
    """In a box of `WIDTH` by `HEIGHT`: the 95 % range of all customers, a line for all and for each cohort, ticks (share, y) from the top,
    and labels (months)."""

    band: str
    line: str
    cohorts: dict[str, str]
    ticks: list[tuple[float, float]]
    months: list[int]


def retention_chart(curves: Sequence[RetentionCurve]) -> RetentionChart | None:
    """`curves`: of all customers first. None where they are too few, or observed for less than two months."""
    drawn = [curve for curve in curves if len(curve.points) > 1]
    if not drawn or drawn[0] is not curves[0] or len(drawn[0].points) < 3:
        return None
    whole, *cohorts = drawn
    most = whole.points[-1].month
    least = min(point.share for curve in drawn for point in curve.points)
    low = max(0.0, int(min(least, *(point.low for point in whole.points)) * 10) / 10)
    low = min(low, 0.9)

    def corner(month: int, share: float) -> str:
        return f"{WIDTH * month / most:.1f},{HEIGHT * (1 - max(share, low)) / (1 - low):.1f}"

    def line(curve: RetentionCurve) -> str:
        return " ".join(corner(point.month, point.share) for point in curve.points)

    upper = [corner(point.month, point.high) for point in whole.points]
    band = upper + [corner(point.month, point.low) for point in reversed(whole.points)]
    shares = [1 - (1 - low) * n / _TICKS for n in range(_TICKS + 1)]
    ticks = [(share, round(HEIGHT * (1 - share) / (1 - low), 1)) for share in shares]
    months = [round(most * n / _TICKS) for n in range(_TICKS + 1)]
    return RetentionChart(" ".join(band), line(whole), {curve.cohort: line(curve) for curve in cohorts}, ticks, months)
