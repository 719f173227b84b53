"""The whole fleet's incidents to come, from what each product showed at each age: one forecast for each month and one for all of them."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from musterroll.domain.capacity.counts import Predictive
from musterroll.domain.capacity.demand import BY_CHANCE, Dispersion, Moments, Part, moments, widened
from musterroll.domain.capacity.rates import Group, Prior, pooled_prior, shrunk

_LEAST = 5  # incidents a band of age needs to have a rate of its own


class Cell(NamedTuple):
    """A product of a family at an age: its incidents and unit-months so far, and its unit-months in each month to come."""

    family: Hashable
    product: Hashable
    band: int
    events: float
    exposure: float
    coming: tuple[float, ...]


class Driver(NamedTuple):
    """What a product contributes to the whole, its rate and the rate's 95 % interval at these ages, the bands `first_band` to `last_band`
    being taken together, and how much of the rate is its own data's (the rest is its family's)."""

    family: Hashable
    product: Hashable
    first_band: int
    last_band: int
    events: float
    exposure: float
    coming: float
    mean: float
    rate: float
    low: float
    high: float
    weight_of_own_data: float


class Forecast(NamedTuple):
    """Each month to come, all months together (not the sum of the months' bands, for they share the rates), and why."""

    months: tuple[Predictive, ...]
    whole: Predictive
    drivers: tuple[Driver, ...]


def fleet(cells: Iterable[Cell], beyond: Dispersion = BY_CHANCE) -> Forecast:
    """Forecast a fleet. Within a family and band of age products lend each other strength; neighbouring bands of a family are taken as one
    until each has five incidents (the rule of Cochran 1954, Biometrics 10, for cells), so that an age no unit has reached yet has the rate
    of the oldest that was seen. Families are independent of each other, but for `beyond`, which moves a month of all of them.
    A family never exposed is taken for a member of all of them together. Raises ValueError where nothing was exposed.
    """
    known = list(cells)
    of_family: dict[Hashable, list[Cell]] = defaultdict(list)
    for cell in known:
        of_family[cell.family].append(cell)
    stranger = pooled_prior([Group(cell.events, cell.exposure) for cell in known])
    drivers: list[Driver] = []
    found: list[Moments] = []
    for held in of_family.values():
        for bands in merged(held):
            parts = _parts([cell for cell in held if cell.band in bands])
            groups = [Group(part.events, part.exposure) for part in parts.values()]
            prior = pooled_prior(groups) if any(group.exposure for group in groups) else stranger
            found.append(moments(list(parts.values()), prior))
            drivers += [_driver(held[0].family, product, bands, part, prior) for product, part in parts.items()]
    return _forecast(found, drivers, beyond)


def merged(cells: Sequence[Cell]) -> list[range]:
    """Bands of age of one family, from the youngest on, taken together until each holds enough incidents; the oldest join those before."""
    events, oldest = defaultdict[int, float](float), max(cell.band for cell in cells)
    for cell in cells:
        events[cell.band] += cell.events
    ends, held = [0], 0.0
    for band in range(oldest + 1):
        held += events[band]
        if held >= _LEAST:
            ends.append(band + 1)
            held = 0.0
    ends = [*ends[:-1], oldest + 1] if len(ends) > 1 else [0, oldest + 1]
    return [range(first, end) for first, end in pairwise(ends)]


def _parts(cells: Sequence[Cell]) -> dict[Hashable, Part]:
    parts: dict[Hashable, Part] = {}
    for cell in cells:
        before = parts.get(cell.product)
        coming = cell.coming if before is None else tuple(a + b for a, b in zip(before.coming, cell.coming, strict=True))
        events, exposure = (before.events, before.exposure) if before else (0.0, 0.0)
        parts[cell.product] = Part(events + cell.events, exposure + cell.exposure, coming)
    return parts


def _driver(family: Hashable, product: Hashable, bands: range, part: Part, prior: Prior) -> Driver:
    rate, coming = shrunk(part.events, part.exposure, prior), sum(part.coming)
    own = (part.events, part.exposure, coming, rate.rate * coming)
    return Driver(family, product, bands[0], bands[-1], *own, rate.rate, rate.low, rate.high, rate.weight_of_own_data)


def _forecast(found: Sequence[Moments], drivers: list[Driver], beyond: Dispersion) -> Forecast:
    mean, spread = np.sum([one.mean for one in found], axis=0), np.sum([one.spread for one in found], axis=0)
    months = tuple(widened([float(m)], float(s), beyond) for m, s in zip(mean, spread, strict=True))
    whole = widened([float(m) for m in mean], sum(one.spread_of_whole for one in found), beyond)
    return Forecast(months, whole, tuple(sorted(drivers, key=lambda one: -one.mean)))
