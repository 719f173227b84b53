"""Reliability of products: failure rates, one product by age, and two compared."""

from typing import Any

from flask import Response
from pydantic import Field

from musterroll.api.http.context import answer, clock, snapshot
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import RequestSchema, Schema
from musterroll.usecases.capacity import plans as capacity_plans
from musterroll.usecases.capacity import product as capacity_product
from musterroll.usecases.capacity import reliability as capacity_reliability
from musterroll.usecases.capacity import reliability_groups
from musterroll.usecases.capacity.reliability_groups import LifeGroup

api = guarded("reliability", "reliability")


class FailureRateOut(Schema):
    product_id: int
    maker: str
    model: str
    operating: int
    failures: int = Field(description="Incidents with a part used, since incidents are recorded.")
    unit_years: float = Field(description="Of measured operation since then.")
    afr: float | None = Field(description="Failures per unit-year; null where no unit has operated.")
    afr_low: float | None = Field(description="95 % range.")
    afr_high: float | None


class FailureRateList(Schema):
    items: list[FailureRateOut]


class EventRateOut(Schema):
    events: float
    exposure: float = Field(description="In unit-months.")
    rate: float
    low: float
    high: float


class AgeRateOut(Schema):
    age: str
    incidents: EventRateOut
    visits: EventRateOut


class SurvivalAtAgeOut(Schema):
    years: int
    survival: float
    low: float = Field(description="95 % range.")
    high: float
    at_risk: int


class SurvivalStepOut(Schema):
    age: float = Field(description="In days.")
    at_risk: int
    failed: int
    survival: float
    low: float
    high: float


class ReliabilityOut(FailureRateOut):
    ages: list[AgeRateOut]
    lives: int = Field(description="Units behind the survival.")
    survival: list[SurvivalAtAgeOut]
    steps: list[SurvivalStepOut]
    weibull: dict[str, Any] | None = Field(description="Shape and scale (days) with 95 % ranges; null without a fit.")
    reading: str


class GroupRateOut(Schema):
    group: str = Field(description="Firmware, number of the site, or year; empty: unknown.")
    units: int
    failed: int = Field(description="Units that failed while under observation, each once.")
    unit_years: float = Field(description="Under observation, each unit until its first failure.")
    rate: float | None = Field(description="Failed per unit-year; null without observation.")
    low: float | None = Field(description="95 % range.")
    high: float | None


class GroupRateList(Schema):
    items: list[GroupRateOut]


class GroupQuery(RequestSchema):
    by: LifeGroup = Field(default=LifeGroup.COHORT, description="Firmware that units have now, site, or cohort (year of installation).")


class ProductPath(RequestSchema):
    product_id: int = Field(ge=1)


class ComparisonQuery(RequestSchema):
    first: int = Field(ge=1, description="Product id.")
    second: int = Field(ge=1, description="Product id.")


class ProductComparisonOut(Schema):
    failures: list[int] = Field(description="Of the first product and of the second.")
    expected: list[float] = Field(description="Where both failed alike at every age.")
    p: float
    pairs: int = Field(description="Pairs of products that could be compared.")
    adjusted: float = Field(description="p, adjusted for all pairs (Bonferroni).")
    words: str


class ComparisonResult(Schema):
    comparison: ProductComparisonOut | None = Field(description="Null without failures while units of both were under observation.")


@api.get("/reliability", summary="Annual failure rate of each product", responses={200: FailureRateList, **documented(409)})
def list_failure_rates() -> Response:
    with snapshot() as session:
        facts = capacity_plans.gathered(session, clock()).facts
    rates = capacity_reliability.failure_rates(facts)
    return answer(FailureRateList(items=[FailureRateOut(**capacity_reliability.rate_shape(row)) for row in rates]))


@api.get("/reliability/compare", summary="Compare two products age by age", responses={200: ComparisonResult, **documented(404, 409)})
def compare_products(query: ComparisonQuery) -> Response:
    with snapshot() as session:
        facts = capacity_plans.gathered(session, clock()).facts
        result = capacity_reliability.compare(session, facts, query.first, query.second)
    shape = capacity_reliability.comparison_shape(result) if result else None
    return answer(ComparisonResult(comparison=ProductComparisonOut(**shape) if shape else None))


@api.get("/reliability/<int:product_id>", summary="Reliability of one product", responses={200: ReliabilityOut, **documented(404, 409)})
def get_reliability(path: ProductPath) -> Response:
    with snapshot() as session:
        facts = capacity_plans.gathered(session, clock()).facts
        report = capacity_product.report(session, facts, path.product_id)
    return answer(ReliabilityOut(**capacity_reliability.report_shape(report)))


@api.get(
    "/reliability/<int:product_id>/groups",
    summary="Reliability of one product by firmware, site or cohort",
    responses={200: GroupRateList, **documented(404, 409)},
)
def list_groups(path: ProductPath, query: GroupQuery) -> Response:
    """Cohorts in order of time, else most failures first."""
    with snapshot() as session:
        facts = capacity_plans.gathered(session, clock()).facts
        groups = reliability_groups.by_group(session, facts, path.product_id, query.by)
    return answer(GroupRateList(items=[GroupRateOut(**reliability_groups.group_shape(row)) for row in groups]))
