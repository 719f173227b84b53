"""A product in planning: failure rate, rates by age, survival, and pooling with its family."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.capacity import life_fit, rates, survival
from musterroll.domain.capacity.facts import BAND_WORDS, BANDS, PlanFacts, ProductFacts
from musterroll.domain.capacity.rates import EventRate
from musterroll.domain.capacity.survival import SurvivalStep, UnitLife, Weibull
from musterroll.domain.values.dates import add_months
from musterroll.domain.values.errors import NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage.capacity import facts as stored_facts
from musterroll.storage.capacity.facts import Lifetime

_EPOCH = date(1970, 1, 1)


class AgeBandReport(NamedTuple):
    """An age band: incidents per unit-month with the exact interval, and the visits among them."""

    words: str
    incidents: EventRate
    visits: EventRate


class ProductReport(NamedTuple):
    """`afr` is by `failure_rate`; `lives` is the number of units behind the survival `steps`."""

    product: ProductFacts
    afr: EventRate
    ages: list[AgeBandReport]
    lives: int
    steps: list[SurvivalStep]
    weibull: Weibull | None
    reading: str


def report(session: Session, facts: PlanFacts, product_id: int) -> ProductReport:
    """Raises NotFound for a product without facts."""
    product = with_facts(facts, product_id)
    lives = lives_of(session, facts, product_id)
    parts = life_fit.fit(lives).parts
    fitted = parts[0][1] if len(parts) == 1 else None
    steps, ages = survival.kaplan_meier(lives), _ages(product, facts.log_starts)
    return ProductReport(product, failure_rate(facts, product), ages, len(lives), steps, fitted, life_fit.text(lives, steps))


def with_facts(facts: PlanFacts, product_id: int) -> ProductFacts:
    """Raises NotFound for a product without facts."""
    product = next((candidate for candidate in facts.products if candidate.id == product_id), None)
    if product is None:
        raise NotFound("this product is not in the plan: none of its units has reported or been shipped")
    return product


def failure_rate(facts: PlanFacts, product: ProductFacts) -> EventRate:
    """Failures (incidents with a part used) per unit-year of measured operation since the incident log began."""
    start = facts.log_starts
    failures = sum(map(sum, product.visits[start:]))
    unit_days = sum(sum(bands) * _days(month) for month, bands in zip(facts.months[start:], product.exposure[start:], strict=True))
    return rates.afr(failures, unit_days)


def _days(month: date) -> int:
    return (add_months(month, 1) - month).days


def _ages(product: ProductFacts, start: int) -> list[AgeBandReport]:
    def by_band(table: Sequence[Sequence[float]]) -> list[float]:
        return [sum(month[band] for month in table[start:]) for band in range(BANDS)]

    seen = zip(BAND_WORDS, by_band(product.events), by_band(product.visits), by_band(product.exposure), strict=True)
    return [AgeBandReport(words, rates.rate_interval(int(n), x), rates.rate_interval(int(v), x)) for words, n, v, x in seen if x > 0]


def lives_of(session: Session, facts: PlanFacts, product_id: int) -> list[UnitLife]:
    """Each unit from its first report (and the start of the incident log) until its first failure or its last report."""
    return [life for life, _ in recorded_lives(session, facts, product_id)]


def recorded_lives(session: Session, facts: PlanFacts, product_id: int) -> list[tuple[UnitLife, Lifetime]]:
    """`lives_of`, each with what is known of the unit."""
    if facts.log_starts >= len(facts.months):
        return []
    begins, today = (facts.months[facts.log_starts] - _EPOCH).days, (facts.on - _EPOCH).days
    at = to_ms(datetime.combine(facts.on, time(), UTC))
    lives = []
    for known in stored_facts.lifetimes(session, product_id, at):
        failed = known.failed if known.failed is None or known.failed <= today else None
        lives.append((survival.life(known.born, max(known.first, begins), min(known.last, today), failed), known))
    return lives
