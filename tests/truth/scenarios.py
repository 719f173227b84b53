"""Simulated fleets: 24 months of history as the facts of a plan, and the year that follows, drawn from known rates."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
from musterroll.domain.capacity.ageing import AGE_BANDS
from musterroll.domain.capacity.facts import BANDS, PlanFacts, ProductFacts
from musterroll.domain.values.dates import add_months
from numpy.typing import NDArray

PAST, AHEAD, BEFORE = 24, 12, 72  # months of history, months to come, months of deployments before the history
ON = date(2026, 1, 1)
RATES = np.array([0.03, 0.01, 0.012, 0.02, 0.05, 0.06, 0.07])  # incidents per unit-month, by age band
BAND = np.searchsorted(AGE_BANDS, np.arange(BEFORE + PAST + AHEAD + 1), side="right") - 1
LEAVING = 0.015  # of the units, a month
LAUNCHED = 16  # month of history in which the new product starts
VISITED, VISIT_HOURS, DESK_HOURS, MORE_PARTS = 0.45, (0.9, 0.6), (-0.7, 0.8), 0.3
Numbers = NDArray[np.float64]
Draw = Callable[[np.random.Generator], Numbers]


def _steady(_: np.random.Generator) -> Numbers:
    return np.ones(PAST + AHEAD)


def _growing(change: float) -> Draw:
    return lambda _: (1 + change) ** (np.arange(PAST + AHEAD) - PAST)


def _seasonal(rng: np.random.Generator) -> Numbers:
    return 1 + 0.4 * np.cos(2 * np.pi * (np.arange(PAST + AHEAD) / 12 + rng.uniform()))


def _shocked(rng: np.random.Generator) -> Numbers:
    return rng.gamma(25, 1 / 25, PAST + AHEAD)


@dataclass(frozen=True)
class Scenario:
    """What differs from a fleet that goes on as it was. `launch`: units of the new product a month, as a share of all others, and until
    which month; `known`: whether the coming deployments are told to the plan; `bad`: the factor on the rate of units that one product had
    deployed within five months of the last year."""

    factors: Draw = _steady
    launch: float = 0.0
    until: int = PAST + AHEAD
    known: bool = False
    bad: float = 1.0


SCENARIOS = {
    "constant": Scenario(),
    "drift up": Scenario(_growing(0.02)),
    "drift down": Scenario(_growing(-0.02)),
    "season": Scenario(_seasonal),
    "shocks": Scenario(_shocked),
    "launch ends, known": Scenario(launch=0.08, until=PAST, known=True),
    "launch goes on, known": Scenario(launch=0.08, known=True),
    "launch ends, unknown": Scenario(launch=0.08, until=PAST),
    "launch goes on, unknown": Scenario(launch=0.08),
    "bad batch": Scenario(bad=4.0),
}


class Course(NamedTuple):
    """What happened, by month."""

    incidents: Numbers
    visits: Numbers
    hours: Numbers
    parts: Numbers
    unit_months: Numbers


@dataclass(frozen=True)
class Case:
    """A simulated fleet. `known`: whether the coming deployments are told to the plan."""

    facts: PlanFacts
    past: Course
    coming: Course
    known: bool


class _Product(NamedTuple):
    exposure: Numbers  # unit-months by month (past and coming) and age band
    events: NDArray[np.int64]
    by_age: list[int]
    deployed: list[float]


def simulate(scenario: Scenario, seed: int) -> Case:
    """One fleet of six products of two families (and a seventh where one is launched)."""
    rng = np.random.default_rng(seed)
    factors, sizes = scenario.factors(rng), 700 * rng.lognormal(0, 0.6, 6)
    paces = [np.full(BEFORE + PAST + AHEAD, size / (BEFORE + PAST / 2)) * _life(rng) for size in sizes]
    bad = int(np.argmax(sizes)) if scenario.bad != 1 else -1
    if scenario.launch:
        paces.append(np.zeros(BEFORE + PAST + AHEAD))
        paces[-1][BEFORE + LAUNCHED : BEFORE + scenario.until] = scenario.launch * sizes.sum()
    products = [_product(rng, pace, factors, scenario.bad if number == bad else 1.0) for number, pace in enumerate(paces)]
    visits = [rng.binomial(product.events, VISITED) for product in products]
    return _case(rng, scenario, products, visits)


def _life(rng: np.random.Generator) -> Numbers:
    """The deployments of a product over time: some have just begun, some are no longer deployed."""
    begins, ends = rng.integers(-48, BEFORE - 6), rng.integers(BEFORE - 6, 2 * BEFORE + PAST + AHEAD)
    months = np.arange(BEFORE + PAST + AHEAD)
    return np.asarray((months >= begins) & (months < ends), dtype=float) * (BEFORE + 12) / (min(ends, BEFORE + PAST) - max(begins, 0))


def _product(rng: np.random.Generator, pace: Numbers, factors: Numbers, bad: float) -> _Product:
    """Cohorts deployed in the middle of a month: half of a month they are of one completed age, half of the next."""
    deployed = rng.poisson(pace)
    better, months = rng.gamma(8, 1 / 8), len(pace)
    rate = np.where((np.arange(months) >= BEFORE + 13) & (np.arange(months) < BEFORE + 18), bad, 1.0) * better
    alive = np.zeros(months, dtype=np.int64)
    exposure, events, by_age = np.zeros((PAST + AHEAD, BANDS)), np.zeros((PAST + AHEAD, BANDS), dtype=np.int64), [0] * months
    for now in range(months):
        stays = rng.binomial(alive, 1 - LEAVING)
        lived = (alive + stays) / 2
        alive = stays
        alive[now] = deployed[now]
        if now >= BEFORE:
            at, age = now - BEFORE, now - np.arange(now + 1)
            older, younger = np.append(lived[:now] / 2, 0.0), np.append(lived[:now], alive[now]) / 2
            for part, completed in ((younger, np.maximum(age - 1, 0)), (older, age)):
                band = BAND[completed]
                exposure[at] += np.bincount(band, part, BANDS)
                events[at] += np.bincount(band, rng.poisson(part * RATES[band] * rate[: now + 1] * factors[at]), BANDS).astype(np.int64)
        if now == BEFORE + PAST - 1:
            by_age = alive[: now + 1][::-1].tolist()
    return _Product(exposure, events, by_age, deployed[BEFORE + PAST :].astype(float).tolist())


def _case(rng: np.random.Generator, scenario: Scenario, products: list[_Product], visits: list[NDArray[np.int64]]) -> Case:
    events, visited = (np.sum([table.sum(axis=1) for table in tables], axis=0) for tables in ([p.events for p in products], visits))
    fleet = np.sum([product.exposure.sum(axis=1) for product in products], axis=0)
    visit_hours = [rng.lognormal(*VISIT_HOURS, n) for n in visited]
    desk_hours = [rng.lognormal(*DESK_HOURS, n) for n in events - visited]
    parts = visited + rng.poisson(MORE_PARTS * visited)
    hours = np.array([a.sum() + b.sum() for a, b in zip(visit_hours, desk_hours, strict=True)])
    facts = PlanFacts(
        on=ON,
        months=[add_months(ON, number - PAST) for number in range(PAST)],
        log_starts=0,
        log_words="",
        products=[
            _facts(number, product, seen, scenario.known) for number, (product, seen) in enumerate(zip(products, visits, strict=True), 1)
        ],
        categories={},
        visit_hours=np.concatenate(visit_hours[:PAST]).tolist(),
        desk_hours=np.concatenate(desk_hours[:PAST]).tolist(),
        visits=int(visited[:PAST].sum()),
        incidents=int(events[:PAST].sum()),
        strangers=0,
        parts=int(parts[:PAST].sum()),
        unheard=0,
        silent=0,
        renewals=[],
        at_risk=[],
    )
    course = np.array([events, visited, hours, parts, fleet], dtype=float)
    return Case(facts, Course(*course[:, :PAST]), Course(*course[:, PAST:]), scenario.known)


def _facts(number: int, product: _Product, visits: NDArray[np.int64], known: bool) -> ProductFacts:
    tables = (product.exposure[:PAST].tolist(), product.events[:PAST].tolist(), visits[:PAST].tolist())
    planned = [(units, 0.0) for units in product.deployed] if known else []
    return ProductFacts(number, "Maker", f"Model {number}", f"Family {number % 2}", *tables, product.by_age, 0, {}, [], planned)
