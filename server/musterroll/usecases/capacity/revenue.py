"""Renewals and revenue of a plan: due, expected, at risk, and usage-based potential."""

from typing import NamedTuple

from musterroll.domain.capacity import renewals as rules
from musterroll.domain.capacity.facts import AccountAtRisk, SegmentRenewals
from musterroll.domain.capacity.plan import Estimate, Plan, estimate
from musterroll.domain.capacity.rates import Proportion


class SegmentOutlook(NamedTuple):
    """Renewals of one segment in one currency within a year: past rate, expected number, and annual value."""

    facts: SegmentRenewals
    rate: Proportion
    renewed: Estimate
    worth: float
    kept: Estimate


class UsageRevenue(NamedTuple):
    """Revenue of the next quarter if all operating units were billed monthly at the average contract price."""

    currency: str
    unit_months: float
    expected: Estimate


class Outlook(NamedTuple):
    segments: list[SegmentOutlook]
    at_risk: list[AccountAtRisk]
    usage: list[UsageRevenue]


def outlook(plan: Plan) -> Outlook:
    """Computed from the facts of the plan."""
    quarter = plan.spans[1].unit_months
    brought = [(currency, rules.usage_revenue(quarter, prices)) for currency, prices in sorted(plan.facts.prices.items())]
    usage = [UsageRevenue(currency, quarter, estimate(amount)) for currency, amount in brought if amount is not None]
    return Outlook([_segment(segment) for segment in plan.facts.renewals], plan.facts.at_risk, usage)


def _segment(segment: SegmentRenewals) -> SegmentOutlook:
    values = [value for _, value in segment.coming]
    count = rules.renewals(segment.renewed, segment.due, len(values))
    money = rules.renewed_revenue(segment.renewed, segment.due, values)
    return SegmentOutlook(segment, rules.renewal_rate(segment.renewed, segment.due), estimate(count), sum(values), estimate(money))
