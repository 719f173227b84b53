"""A plan: incidents, hours, heads, parts and money from facts and assumptions, each with ranges."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from musterroll.domain.capacity import deployments, staffing
from musterroll.domain.capacity.amounts import PredictedAmount
from musterroll.domain.capacity.assumptions import Assumptions
from musterroll.domain.capacity.backtest import BacktestVerdict, verdict
from musterroll.domain.capacity.baselines import NAMES, Baselines, baselines
from musterroll.domain.capacity.counts import Predictive
from musterroll.domain.capacity.demand import predict
from musterroll.domain.capacity.exposure import MONTH_DAYS
from musterroll.domain.capacity.facts import PlanFacts, unit_months
from musterroll.domain.capacity.forecast import AT_QUARTER, AT_YEAR, HORIZON, QUARTER, VisitSplit, split
from musterroll.domain.capacity.handling import Handling, handling, hours, with_travel
from musterroll.domain.capacity.spares import Spares, stock_for
from musterroll.domain.capacity.staffing import Desk, Heads
from musterroll.domain.values.dates import add_months

_TRAVEL_SPREAD = 0.5  # of travel, relative to its mean
_ASSUMED = 1_000_000  # assumed number of observations
_HALF_HOURS = 2  # in an hour
_TRIALS = {1: "incidents of a month", QUARTER: "incidents of a quarter"}  # the back-tests of stretches, by their months


class Estimate(NamedTuple):
    """The expected value, with 80 % and 95 % ranges."""

    mean: float
    low80: float
    high80: float
    low95: float
    high95: float

    def plus(self, known: float) -> "Estimate":
        return Estimate(*(value + known for value in self))


def estimate(of: Predictive | PredictedAmount) -> Estimate:
    return Estimate(of.mean, of.low80, of.high80, of.low95, of.high95)


class SimpleEstimate(NamedTuple):
    """Of the simple estimates of incidents, the one that was nearest in the back-test."""

    name: str
    mean: float


@dataclass(frozen=True)
class PlanPeriod:
    """The demand of a stretch of coming months. Heads are the average of its months; `field` and `desk` at the mean and at the high
    end of the 80 % band. `tested`: the back-test of stretches as long, if there is one."""

    name: str
    first: date
    until: date
    unit_months: float
    incidents: Estimate
    naive: float
    simple: SimpleEstimate
    tested: BacktestVerdict | None
    visits: Estimate
    recall_visits: float
    field_hours: Estimate
    desk_hours: Estimate
    hours: Estimate
    field: Heads
    desk: Desk
    desk_high: Desk
    parts: Estimate
    cost: Estimate
    covered_share: float


class PlanMonth(NamedTuple):
    month: date
    unit_months: float
    incidents: Estimate
    naive: float
    hours: float
    covered_share: float


class SpareStock(NamedTuple):
    """Spares of one product in one region."""

    product: str
    region: str
    units: int
    spares: Spares


@dataclass(frozen=True)
class Plan:
    facts: PlanFacts
    assumptions: Assumptions
    forecast: VisitSplit
    spans: list[PlanPeriod]  # next month, next quarter, next year
    months: list[PlanMonth]
    visit: Handling | None
    remote: Handling | None
    shelves: list[SpareStock]

    @property
    def condition(self) -> str:
        """What the estimates depend on and no past can tell: how many units will be deployed."""
        return deployments.condition(self.facts, self.assumptions.deployments / 100)


def make_plan(facts: PlanFacts, assumptions: Assumptions) -> Plan:
    """Make the plan. Its first month is the next whole one (this one on its first day). Raises BadAssumption for a product that is not
    in the plan."""
    facts = deployments.as_set(facts, assumptions.paces)
    skip = 0 if facts.on.day == 1 else 1
    factors = {
        "deployments": assumptions.deployments / 100,
        "spread": assumptions.deployed_range / 100,
        "retirements": assumptions.retirements / 100,
        "rate": assumptions.incident_rate / 100,
    }
    forecasts = split(facts, **factors, skip=skip)
    first = add_months(facts.on.replace(day=1), skip)
    maker = _PlanBuilder(facts, assumptions, forecasts, first, skip)
    spans = [
        maker.span("next month", 0, 1, 0),
        maker.span("next quarter", 0, QUARTER, AT_QUARTER),
        maker.span("next year", 0, HORIZON, AT_YEAR),
    ]
    months = [maker.month(number) for number in range(HORIZON)]
    return Plan(facts, assumptions, forecasts, spans, months, maker.visit, maker.remote, _shelves(facts, assumptions, forecasts))


class _PlanBuilder:
    """What the periods of a plan share."""

    def __init__(self, facts: PlanFacts, assumptions: Assumptions, forecasts: VisitSplit, first: date, skip: int) -> None:
        self.facts, self.assumptions, self.forecasts, self.first, self.skip = facts, assumptions, forecasts, first, skip
        self.parts = facts.parts / facts.visits if facts.visits else 0.0
        self.visit, self.remote = handling(facts.visit_hours), handling(facts.desk_hours)
        self.away = with_travel(self.visit or _exactly(0.0), _exactly(assumptions.travel_hours, _TRAVEL_SPREAD))
        self.desk = self.remote or _exactly(assumptions.contacts * assumptions.desk_minutes / 60)
        self.before = _exactly(assumptions.contacts * assumptions.desk_minutes / 60)  # at the desk, for an incident that gets a visit
        self.tested = {months: result for months, of in _TRIALS.items() if (result := verdict(facts.trials.get(of, [])))}
        self.recalled = next(
            (
                product.operating
                for product in facts.products
                if assumptions.recalled in (product.name, product.model) and assumptions.recalled
            ),
            0,
        )

    def span(self, name: str, start: int, end: int, at: int) -> PlanPeriod:
        assumptions, months = self.assumptions, end - start
        visits, rest, recall = self.forecasts.visits.counts[at], self.forecasts.rest.counts[at], self._recall(start, end)
        incidents = estimate(self.forecasts.both(at))
        field = hours(visits, self.away).plus(_known(recall, self.away))
        desk = hours(rest, self.desk).plus(hours(visits, self.before)).plus(_known(recall, self.before))
        parts = PredictedAmount(visits.mean * self.parts, visits.variance * self.parts**2).plus(PredictedAmount(recall, 0.0))
        both = self.forecasts.covariance(at)
        spent = self._spent(visits, rest, both, recall, self.away, self.before, self.desk)
        return PlanPeriod(
            name,
            add_months(self.first, start),
            add_months(self.first, end),
            sum(self.forecasts.visits.unit_months[start:end]),
            incidents,
            sum(self._naive(month) for month in range(start, end)),
            self._simple(start, end),
            self.tested.get(months),
            estimate(visits).plus(recall),
            recall,
            estimate(field),
            estimate(desk),
            estimate(spent),
            staffing.field_heads(field, assumptions.productive_hours * months, assumptions.absence / 100),
            self._desk(incidents.mean / months, (visits.mean + recall) / months),
            self._desk(incidents.high80 / months, (estimate(visits).high80 + recall) / months),
            estimate(parts),
            estimate(self._cost(visits, rest, both, recall)),
            self._covered(start, end),
        )

    def month(self, number: int) -> PlanMonth:
        visits, rest = self.forecasts.visits.counts[number], self.forecasts.rest.counts[number]
        spent = self._spent(visits, rest, 0.0, self._recall(number, number + 1), self.away, self.before, self.desk).mean
        month, incidents = add_months(self.first, number), estimate(self.forecasts.both(number))
        unit_months, covered = self.forecasts.visits.unit_months[number], self._covered(number, number + 1)
        return PlanMonth(month, unit_months, incidents, self._naive(number), spent, covered)

    def _naive(self, month: int) -> float:
        return self.forecasts.visits.naive[month] + self.forecasts.rest.naive[month]

    def _simple(self, start: int, end: int) -> SimpleEstimate:
        pasts = zip(self.forecasts.visits.past, self.forecasts.rest.past, strict=True)
        events, fleet = [visits + rest for visits, rest in pasts], unit_months(self.facts)[self.facts.log_starts :]
        _, *rates = baselines(events, fleet, sum(fleet[-1:]) * (end - start))
        values = Baselines(sum(self._naive(month) for month in range(start, end)), *rates)
        known = {name: value for name, value in zip(NAMES, values, strict=True) if value is not None}
        tested = self.tested.get(end - start) or self.tested.get(QUARTER) or self.tested.get(1)
        name = tested.best_baseline if tested and tested.best_baseline in known else NAMES[0]
        return SimpleEstimate(name, known[name])

    def _recall(self, start: int, end: int) -> float:
        """Visits of a recall in these months: every unit of the product that operates now, in equal parts."""
        within = max(0.0, min(end, self.assumptions.recall_months) - start)
        return self.recalled * within / self.assumptions.recall_months

    def _spent(
        self, visits: Predictive, rest: Predictive, both: float, recall: float, away: Handling, before: Handling, desk: Handling
    ) -> PredictedAmount:
        """Hours (or money) of all incidents together: visits, with time at the desk before them, and those all done at the desk; `both` is
        the covariance of the two counts."""
        visit = with_travel(away, before)
        return hours(visits, visit).plus(_known(recall, visit)).plus(hours(rest, desk), both * visit.mean * desk.mean)

    def _cost(self, visits: Predictive, rest: Predictive, both: float, recall: float) -> PredictedAmount:
        field, desk = self.assumptions.field_cost, self.assumptions.desk_cost
        away = with_travel(_times(self.away, field), _exactly(self.parts * self.assumptions.part_cost))
        return self._spent(visits, rest, both, recall, away, _times(self.before, desk), _times(self.desk, desk))

    def _desk(self, incidents: float, visits: float) -> Desk:
        """Desk positions in the busiest half hour of a month of so many incidents, visits and all."""
        assumptions, remote = self.assumptions, self.desk.mean * 60 / self.assumptions.contacts
        total = max(incidents, visits)
        share = visits / total if total else 0.0
        contacts = total * assumptions.contacts / (assumptions.opening_hours * _HALF_HOURS) * assumptions.peak / 100
        minutes = max(0.1, share * assumptions.desk_minutes + (1 - share) * remote)
        level, occupancy, shrinkage = assumptions.service_level / 100, assumptions.occupancy / 100, assumptions.shrinkage / 100
        return staffing.erlang_c(contacts, 30, minutes, assumptions.answer_seconds, level, occupancy, shrinkage)

    def _covered(self, start: int, end: int) -> float:
        """The share of expected incidents on units that are still covered then, in the middle of these months."""
        at = self.skip + (start + end) // 2
        total, covered = 0.0, 0.0
        for driver in (*self.forecasts.visits.drivers, *self.forecasts.rest.drivers):
            mean, units = driver.factor * sum(driver.coming[start:end]), driver.product.operating
            total += mean
            covered += mean * driver.product.covered[min(at, len(driver.product.covered) - 1)] / units if units else 0.0
        return covered / total if total else 0.0


def handled(facts: PlanFacts, forecasts: VisitSplit, at: int) -> PredictedAmount:
    """The hours that tickets of predicted incidents will record, without travel and desk time before a visit."""
    visit, remote = (handling(known) or _exactly(0.0) for known in (facts.visit_hours, facts.desk_hours))
    desk = hours(forecasts.rest.counts[at], remote)
    return hours(forecasts.visits.counts[at], visit).plus(desk, forecasts.covariance(at) * visit.mean * remote.mean)


def _exactly(each: float, spread: float = 0.0) -> Handling:
    """A time that is assumed and not measured; `spread` is relative to it."""
    return Handling(_ASSUMED, each, each, each, each, each, each, each * spread, 0.0)


def _times(each: Handling, factor: float) -> Handling:
    return Handling(each.n, *(hours * factor for hours in each[1:]))


def _known(number: float, each: Handling) -> PredictedAmount:
    """The hours of so many visits, no more and no less."""
    return PredictedAmount(number * each.mean, number * each.spread**2 + (number * each.error) ** 2)


def _shelves(facts: PlanFacts, assumptions: Assumptions, forecasts: VisitSplit) -> list[SpareStock]:
    """Spares by product and region: parts of the visits expected over the lead time, by the region's share of the units."""
    lead = assumptions.lead_days / MONTH_DAYS
    parts = facts.parts / facts.visits if facts.visits else 0.0
    shelves = []
    for driver in forecasts.visits.drivers:
        expected = driver.incidents(lead) / driver.factor * parts
        for region, units in sorted(driver.product.regions.items()):
            demand = predict(driver.believed, [expected * units / driver.product.operating])
            shelves.append(SpareStock(driver.product.name, region, units, stock_for(demand, assumptions.spares_target / 100)))
    return shelves
