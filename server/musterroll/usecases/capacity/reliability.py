"""Reliability of products beside each other: failure rates of all, and two compared age by age."""

from typing import Any, NamedTuple

from sqlmodel import Session

from musterroll.domain.capacity import comparison
from musterroll.domain.capacity.comparison import Comparison
from musterroll.domain.capacity.facts import PlanFacts, ProductFacts
from musterroll.domain.capacity.rates import EventRate
from musterroll.domain.capacity.survival import survival_at
from musterroll.domain.values.errors import DomainError, NotFound
from musterroll.usecases.capacity.product import ProductReport, failure_rate, lives_of, with_facts

YEARS = (1, 2, 3, 4, 5)  # of age, at which survival is stated
_YEAR = 365.25  # days


class ProductRate(NamedTuple):
    """`afr`: as `product.failure_rate`."""

    product: ProductFacts
    afr: EventRate


class SurvivalAtAge(NamedTuple):
    """The share of units that live longer than so many years without a failure, with its 95 % range, and the units that were still under
    observation at the last failure before."""

    years: int
    survival: float
    low: float
    high: float
    at_risk: int


def failure_rates(facts: PlanFacts) -> list[ProductRate]:
    """Of all products that have operated since the incident log began, most failures first."""
    rates = [ProductRate(product, failure_rate(facts, product)) for product in facts.products]
    return sorted((row for row in rates if row.afr.known), key=lambda row: (-row.afr.events, row.product.name))


def named(facts: PlanFacts, name: str) -> ProductFacts:
    """The product of this name, or of this model where only one has it. Raises NotFound, and DomainError for a model of several makers."""
    wanted = name.strip().casefold()
    matches = [product for product in facts.products if wanted in (product.name.casefold(), product.model.casefold())]
    matches = [product for product in matches if product.name.casefold() == wanted] or matches
    if not matches:
        raise NotFound(f"no product {name.strip()[:80]!r} in the plan; musterroll reliability lists them")
    if len(matches) > 1:
        raise DomainError(f"{name.strip()[:80]!r} is a model of several makers: {', '.join(match.name for match in matches)}", "ambiguous")
    return matches[0]


def survival_by_year(report: ProductReport) -> list[SurvivalAtAge]:
    """Survival at whole years of age, as far as units failed: after the last failure nothing is known of when the rest will."""
    if not report.steps:
        return []
    rows = []
    for years in YEARS:
        step = survival_at(report.steps, years * _YEAR)
        if step is not None and report.steps[-1].age >= (years - 1) * _YEAR:
            rows.append(SurvivalAtAge(years, step.survival, step.low, step.high, step.at_risk))
    return rows


def compare(session: Session, facts: PlanFacts, first: int, second: int) -> Comparison | None:
    """Two products (ids), adjusted for all pairs of products with failures. None without failures while units of both were at risk.

    Raises NotFound for a product without facts, DomainError for one compared with itself.
    """
    if first == second:
        raise DomainError("a product cannot be compared with itself; choose another", "same_product")
    lives, other_lives = (lives_of(session, facts, with_facts(facts, product).id) for product in (first, second))
    products = sum(row.afr.events > 0 for row in failure_rates(facts))
    return comparison.compare(lives, other_lives, max(2, products))


def rate_shape(row: ProductRate) -> dict[str, Any]:
    """A failure rate as JSON."""
    product, afr = row
    return {
        "product_id": product.id,
        "maker": product.maker,
        "model": product.model,
        "operating": product.operating,
        "failures": int(afr.events),
        "unit_years": afr.exposure,
        "afr": afr.rate if afr.known else None,
        "afr_low": afr.low if afr.known else None,
        "afr_high": afr.high if afr.known else None,
    }


def report_shape(report: ProductReport) -> dict[str, Any]:
    """All that is known of a product's reliability as JSON."""
    return {
        **rate_shape(ProductRate(report.product, report.afr)),
        "ages": [{"age": age.words, "incidents": age.incidents._asdict(), "visits": age.visits._asdict()} for age in report.ages],
        "lives": report.lives,
        "survival": [row._asdict() for row in survival_by_year(report)],
        "steps": [step._asdict() for step in report.steps],
        "weibull": report.weibull._asdict() if report.weibull else None,
        "reading": report.reading,
    }


def comparison_shape(result: Comparison) -> dict[str, Any]:
    """A comparison as JSON."""
    return {**result._asdict(), "adjusted": result.adjusted, "words": result.words}
