"""Simulated units: when each was heard, in seconds since a Monday, four weeks to learn and four to judge; and when it died, if it did."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from musterroll.domain.liveness import ReportingClass

HOUR, DAY = 3600.0, 86_400.0
LEARNED, JUDGED = 28, 28  # days
END = (LEARNED + JUDGED) * DAY
DEATHS = 0.3  # share of the units that die
Instants = npt.NDArray[np.float64]


class Unit(NamedTuple):
    kind: str
    reporting: ReportingClass
    interval: int
    heard: Instants
    died: float | None
    site: int | None = None  # of units that share their power


def fleet(seed: int, size: int) -> list[Unit]:
    """A mixed fleet of about so many units."""
    random = np.random.default_rng(seed)
    units = [_mortal(random, kind, KINDS[kind](random)) for kind, share in SHARES.items() for _ in range(size * share // 100)]
    for site in range(SITES):
        units += _site(random, SITES * seed + site, size * (100 - sum(SHARES.values())) // (100 * SITES))
    return units


class Life(NamedTuple):
    """How a unit reports while it lives."""

    reporting: ReportingClass
    interval: int
    heard: Instants


def _mortal(random: np.random.Generator, kind: str, life: Life, site: int | None = None) -> Unit:
    """Some units die, each while it works: before its next report."""
    heard = life.heard[life.heard < END]
    if random.random() >= DEATHS:
        return Unit(kind, life.reporting, life.interval, heard, None, site)
    mortal = np.flatnonzero((heard >= LEARNED * DAY) & (heard < END - 3 * DAY))
    heard = heard[: int(random.choice(mortal)) + 1]
    return Unit(kind, life.reporting, life.interval, heard, float(heard[-1] + random.uniform(0, life.interval)), site)


def _beats(random: np.random.Generator, interval: int) -> Instants:
    """Heartbeats without a fault, at the drifting pace of a real clock."""
    steps = interval + random.normal(0, 0.01 * interval, int(END / interval * 1.02) + 2)
    heard = float(random.uniform(0, interval)) + np.cumsum(steps)
    return heard[heard < END]


def _off(heard: Instants, since: Instants, lengths: Instants) -> Instants:
    """Without the reports of these spans."""
    if not len(since):
        return heard
    order = np.argsort(since)
    since, until = since[order], np.maximum.accumulate((since + lengths)[order])
    span = np.searchsorted(since, heard, side="right") - 1
    return heard[(span < 0) | (heard >= until[np.maximum(span, 0)])]


def _outages(random: np.random.Generator, a_day: float, median: float, spread: float) -> tuple[Instants, Instants]:
    number = random.poisson(a_day * END / DAY)
    return random.uniform(0, END, number), median * np.exp(random.normal(0, spread, number))


def _steady(random: np.random.Generator) -> Life:
    """Reconnects now and then; a few minutes off for an update, once a month or so."""
    heard = _off(_beats(random, 60), *_outages(random, 0.1, 20, 0.6))
    return Life(ReportingClass.ALWAYS_ON, 60, _off(heard, *_outages(random, 0.03, 120, 0.4)))


def _flapping(random: np.random.Generator) -> Life:
    """A bad link: many times a day it is gone for minutes, now and then for an hour."""
    heard = _off(_beats(random, 60), *_outages(random, float(random.uniform(5, 30)), 150, 0.9))
    return Life(ReportingClass.ALWAYS_ON, 60, heard)


def _daily(heard: Instants, on: Callable[[int], tuple[float, float] | None]) -> Instants:
    """Heard between two hours of each day, where it is on at all."""
    spans = [(day * DAY + hours[0] * HOUR, day * DAY + hours[1] * HOUR) for day in range(LEARNED + JUDGED) if (hours := on(day))]
    since, until = np.array(spans).T
    span = np.searchsorted(since, heard, side="right") - 1
    return heard[(span >= 0) & (heard < until[np.maximum(span, 0)])]


def _daylight(reporting: ReportingClass) -> Callable[[np.random.Generator], Life]:
    def life(random: np.random.Generator) -> Life:
        """From somewhat after sunrise to somewhat before sunset, which move by three minutes a day; clouds make it vary."""
        sunrise, move = float(random.uniform(5.5, 7.5)), float(random.choice([-1, 1])) * 1.6 / 60
        sunset = 24.5 - sunrise

        def on(day: int) -> tuple[float, float]:
            return sunrise + move * day + abs(random.normal(0, 0.3)), sunset - move * day - abs(random.normal(0, 0.3))

        return Life(reporting, 300, _daily(_beats(random, 300), on))

    return life


def _office(random: np.random.Generator) -> Life:
    """Off at night and at weekends, and on one holiday; sometimes left on over night."""
    holiday, opens = int(random.integers(0, LEARNED + JUDGED)), float(random.uniform(6.5, 9))

    def on(day: int) -> tuple[float, float] | None:
        if day % 7 > 4 or day == holiday:
            return None
        return opens + abs(random.normal(0, 0.25)), 24 if random.random() < 0.03 and day % 7 < 4 else 18.5 + random.normal(0, 0.4)

    return Life(ReportingClass.ALWAYS_ON, 60, _daily(_beats(random, 60), on))


def _sleeper(interval: int, reporting: ReportingClass) -> Callable[[np.random.Generator], Life]:
    def life(random: np.random.Generator) -> Life:
        """Wakes, late by minutes, and misses one wake in a hundred."""
        wakes = np.arange(random.uniform(0, interval), END, interval)
        late = np.abs(random.normal(0, 300, len(wakes)))
        return Life(reporting, interval, (wakes + late)[random.random(len(wakes)) > 0.01])

    return life


KINDS: dict[str, Callable[[np.random.Generator], Life]] = {
    "steady": _steady,
    "flapping link": _flapping,
    "daylight, as always on": _daylight(ReportingClass.ALWAYS_ON),
    "daylight, declared": _daylight(ReportingClass.DAYLIGHT),
    "off at weekends": _office,
    "sleeper, 6 h": _sleeper(6 * 3600, ReportingClass.SLEEPY),
    "sleeper, 24 h": _sleeper(86_400, ReportingClass.SLEEPY),
    "nightly job": _sleeper(86_400, ReportingClass.SCHEDULED),
}
SHARES = dict(zip(KINDS, (40, 5, 5, 5, 10, 5, 5, 5), strict=True))  # percent; the rest is in sites with power cuts
POWER_CUTS, SITES = "power cuts", 4


def _site(random: np.random.Generator, site: int, units: int) -> Iterator[Unit]:
    """Steady units of one site that lose their power together, every three weeks or so."""
    cuts = _outages(random, 0.05, 3600, 0.8)
    for _ in range(units):
        life = _steady(random)
        yield _mortal(random, POWER_CUTS, life._replace(heard=_off(life.heard, *cuts)), site)
