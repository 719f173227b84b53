"""Incidents for planning: columns by month, product and age, and their summary."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from musterroll.domain.capacity.ageing import AGE_BANDS
from musterroll.domain.capacity.exposure import OLDEST

BAND = np.searchsorted(AGE_BANDS, np.arange(OLDEST + 1), side="right") - 1  # band of an age in completed months
_EPOCH = date(1970, 1, 1)
_SAMPLE = 4_000  # hours of closed incidents kept at most, evenly over time

Lived = dict[int, NDArray[np.float64]]  # unit-months by product: months down, completed months of age across


class IncidentColumns(NamedTuple):
    """Incidents as columns: number of the month, product, age band, parts (-1: unknown), hours (nan: unknown)."""

    month: NDArray[np.int64]
    product: NDArray[np.int64]
    band: NDArray[np.int64]
    parts: NDArray[np.int64]
    hours: NDArray[np.float64]
    categories: list[str]


class IncidentSummary(NamedTuple):
    """A summary of incidents, for `PlanFacts`. A visit is an incident with a part used."""

    categories: dict[str, int]
    visit_hours: list[float]
    desk_hours: list[float]
    visits: int
    incidents: int
    parts: int


def columns(rows: Mapping[str, NDArray[Any]], months: Sequence[date]) -> IncidentColumns:
    """Incidents of these months, as storage has them."""
    edges = np.array([(month - _EPOCH).days for month in months], dtype=np.int64)
    hours = np.where(rows["hours"] < 0, np.nan, rows["hours"] / 10_000)
    month = np.searchsorted(edges, rows["day"], side="right") - 1
    return IncidentColumns(month, rows["product"], BAND[rows["age"]], rows["parts"], hours, rows["category"].tolist())


def summarise(happened: IncidentColumns, start: int, until: int) -> IncidentSummary:
    """Summarise the incidents of the months from `start` to just before `until`."""
    chosen = (happened.month >= start) & (happened.month < until)
    visited = chosen & (happened.parts > 0)
    names = Counter(name or "no category" for name, counted in zip(happened.categories, chosen.tolist(), strict=True) if counted)
    return IncidentSummary(
        dict(names.most_common()),
        _sample(happened.hours[visited]),
        _sample(happened.hours[chosen & ~visited]),
        int(visited.sum()),
        int(chosen.sum()),
        int(happened.parts[visited].sum()),
    )


def _sample(hours: NDArray[np.float64]) -> list[float]:
    """Known hours, sampled evenly over time."""
    known = hours[~np.isnan(hours)]
    return [round(value, 4) for value in known[:: max(1, -(-len(known) // _SAMPLE))].tolist()]
