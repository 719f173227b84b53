"""Geometry of bar charts over days, weeks or months. Templates draw them as SVG."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from musterroll.domain.usage.periods import PeriodUse
from musterroll.web.charts.lines import HEIGHT, WIDTH, scale

_GAP = 0.2  # of the width of a bar, on each side


class PeriodBar(NamedTuple):
    """One period as a bar in a box of `WIDTH` by `HEIGHT`. `words` say its value."""

    row: PeriodUse
    value: float
    x: float
    y: float
    width: float
    height: float
    words: str


def bars(rows: Sequence[PeriodUse], value: Callable[[PeriodUse], float], words: Callable[[PeriodUse], str]) -> list[PeriodBar]:
    """A bar for each period, all on one axis from zero."""
    _, most, _ = scale(0, max(1, round(max((value(row) for row in rows), default=0) + 0.5)))
    step = WIDTH / max(len(rows), 1)
    heights = [HEIGHT * value(row) / most for row in rows]
    return [
        PeriodBar(
            row,
            value(row),
            round(step * (n + _GAP), 1),
            round(HEIGHT - height, 1),
            round(step * (1 - 2 * _GAP), 1),
            round(height, 1),
            words(row),
        )
        for n, (row, height) in enumerate(zip(rows, heights, strict=True))
    ]
