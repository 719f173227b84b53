"""Renewals and revenue of a plan: what comes up, what will stay, what is at risk, what use would bring."""

from typing import NamedTuple

from musterroll.domain.capacity import renewals as rules
from musterroll.domain.capacity.facts import Risked, SegmentRenewals
from musterroll.domain.capacity.plan import Estimate, Plan, estimate
from musterroll.domain.capacity.rates import Proportion


class Segment(NamedTuple):
    """Renewals of one segment in one currency within a year: how often they came before, how many will, and what that brings a year."""

    facts: SegmentRenewals
    rate: Proportion
    renewed: Estimate
    worth: float
    kept: Estimate


class Usage(NamedTuple):
    """What the operating units would bring in the next quarter if each paid by the month what priced lines bring."""

    currency: str
    unit_months: float
    expected: Estimate


class Outlook(NamedTuple):
    segments: list[Segment]
    at_risk: list[Risked]
    usage: list[Usage]


def outlook(made: Plan) -> Outlook:
    """Worked out from the plan's facts."""
    quarter = made.spans[1].unit_months
    brought = [(currency, rules.usage_revenue(quarter, prices)) for currency, prices in sorted(made.facts.prices.items())]
    usage = [Usage(currency, quarter, estimate(found)) for currency, found in brought if found is not None]
    return Outlook([_segment(one) for one in made.facts.renewals], made.facts.at_risk, usage)


def _segment(one: SegmentRenewals) -> Segment:
    values = [value for _, value in one.coming]
    count = rules.renewals(one.renewed, one.due, len(values))
    money = rules.renewed_revenue(one.renewed, one.due, values)
    return Segment(one, rules.renewal_rate(one.renewed, one.due), estimate(count), sum(values), estimate(money))
