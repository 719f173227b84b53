"""The live fleet rolled forward: unit-months by age band in coming months."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

AGE_BANDS = (0, 3, 12, 24, 36, 48, 60)  # first month of each band of age
_LEAST = 2  # incidents an age band needs for a rate of its own


class MonthAhead(NamedTuple):
    """A month to come: unit-months by age band, units alive at its end, and those expected to leave during it."""

    exposure: tuple[float, ...]
    units: float
    retired: float

    @property
    def unit_months(self) -> float:
        return sum(self.exposure)


def merged_bands(events: Sequence[float]) -> list[range]:
    """Neighbouring bands merged from the youngest on until each has two incidents; the oldest join the ones before, so that an age no unit
    has reached yet has the rate of the oldest one seen. (Fewer, larger bands would hide how the rate changes with age.)

    >>> merged_bands([9, 1, 1, 7, 1, 0])
    [range(0, 1), range(1, 3), range(3, 6)]
    """
    ends, held = [0], 0.0
    for band, seen in enumerate(events):
        held += seen
        if held >= _LEAST:
            ends.append(band + 1)
            held = 0.0
    ends = [*(ends[:-1] or [0]), len(events)]
    return [range(first, end) for first, end in pairwise(ends)]


def roll_forward(
    by_age: Sequence[float],
    months: int,
    deployments: Sequence[float] = (),
    retirement: Sequence[float] = (),
    bands: Sequence[int] = AGE_BANDS,
) -> list[MonthAhead]:
    """The exposure of a fleet for each of the coming months.

    `by_age`: live units by completed months in service; `deployments`: units planned to start in each coming month (0 after the last),
    in the middle of it; `retirement`: the chance of a unit of each age band to retire within a month (none where empty).
    A unit of completed age a spends a month half at age a and half at a + 1 (Lexis 1875: the parallelogram of a cohort).
    """
    alive = np.zeros(max(len(by_age), bands[-1] + 1) + months + 1)
    alive[: len(by_age)] = by_age
    band = np.searchsorted(bands, np.arange(len(alive)), side="right") - 1
    leaving = np.asarray(retirement, dtype=float)[band] if retirement else np.zeros(len(alive))
    planned = np.zeros(months)
    planned[: len(deployments[:months])] = deployments[:months]
    rolled = []
    for new in planned:
        gone = alive * leaving
        present = alive - gone / 2  # they leave, on average, in the middle of the month
        lived = present / 2
        lived[1:] += present[:-1] / 2
        lived[0] += new / 2
        alive = np.concatenate(([new], (alive - gone)[:-1]))
        exposure = np.bincount(band, weights=lived, minlength=len(bands))
        rolled.append(MonthAhead(tuple(float(days) for days in exposure), float(alive.sum()), float(gone.sum())))
    return rolled
