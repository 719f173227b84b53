"""A plan: from facts and assumptions to incidents, hours, heads, parts and money, each with its bands."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from musterroll.domain.capacity import staffing
from musterroll.domain.capacity.amounts import Amount
from musterroll.domain.capacity.assumptions import Assumptions
from musterroll.domain.capacity.counts import Predictive
from musterroll.domain.capacity.demand import predict
from musterroll.domain.capacity.exposure import MONTH_DAYS
from musterroll.domain.capacity.facts import Facts
from musterroll.domain.capacity.forecast import AT_QUARTER, AT_YEAR, HORIZON, QUARTER, Split, split
from musterroll.domain.capacity.handling import Handling, handling, hours, with_travel
from musterroll.domain.capacity.spares import Spares, stock_for
from musterroll.domain.capacity.staffing import Desk, Heads
from musterroll.domain.values.dates import add_months

_TRAVEL_SPREAD = 0.5  # of travel, relative to its mean
_ASSUMED = 1_000_000  # as many as that were seen, so to say
_HALF_HOURS = 2  # in an hour


class Estimate(NamedTuple):
    """What is expected, and the bands that hold it four times in five and nineteen in twenty."""

    mean: float
    low80: float
    high80: float
    low95: float
    high95: float

    def plus(self, known: float) -> "Estimate":
        return Estimate(*(one + known for one in self))


def estimate(of: Predictive | Amount) -> Estimate:
    return Estimate(of.mean, of.low80, of.high80, of.low95, of.high95)


@dataclass(frozen=True)
class Span:
    """What a stretch of months to come asks for. Heads are what its months need on average; `field` and `desk` at the mean and at the high
    end of the 80 % band."""

    name: str
    first: date
    until: date
    unit_months: float
    incidents: Estimate
    naive: float
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


class Month(NamedTuple):
    month: date
    unit_months: float
    incidents: Estimate
    naive: float
    hours: float
    covered_share: float


class Shelf(NamedTuple):
    """Spares of one product in one region."""

    product: str
    region: str
    units: int
    spares: Spares


@dataclass(frozen=True)
class Plan:
    facts: Facts
    assumptions: Assumptions
    forecast: Split
    spans: list[Span]  # next month, next quarter, next year
    months: list[Month]
    visit: Handling | None
    remote: Handling | None
    shelves: list[Shelf]


def make(facts: Facts, said: Assumptions) -> Plan:
    """Work out the plan. The first month is the next that begins whole (this one on its first day)."""
    skip = 0 if facts.on.day == 1 else 1
    factors = {"deployments": said.deployments / 100, "retirements": said.retirements / 100, "rate": said.incident_rate / 100}
    found = split(facts, **factors, skip=skip)
    first = add_months(facts.on.replace(day=1), skip)
    maker = _Maker(facts, said, found, first, skip)
    spans = [
        maker.span("next month", 0, 1, 0),
        maker.span("next quarter", 0, QUARTER, AT_QUARTER),
        maker.span("next year", 0, HORIZON, AT_YEAR),
    ]
    months = [maker.month(number) for number in range(HORIZON)]
    return Plan(facts, said, found, spans, months, maker.visit, maker.remote, _shelves(facts, said, found))


class _Maker:
    """What the spans of one plan share."""

    def __init__(self, facts: Facts, said: Assumptions, found: Split, first: date, skip: int) -> None:
        self.facts, self.said, self.found, self.first, self.skip = facts, said, found, first, skip
        self.parts = facts.parts / facts.visits if facts.visits else 0.0
        self.visit, self.remote = handling(facts.visit_hours), handling(facts.desk_hours)
        self.away = with_travel(self.visit or _exactly(0.0), _exactly(said.travel_hours, _TRAVEL_SPREAD))
        self.desk = self.remote or _exactly(said.contacts * said.desk_minutes / 60)
        self.before = _exactly(said.contacts * said.desk_minutes / 60)  # at the desk, for an incident that gets a visit
        self.recalled = next((one.operating for one in facts.products if said.recalled in (one.name, one.model) and said.recalled), 0)

    def span(self, name: str, start: int, end: int, at: int) -> Span:
        said, months = self.said, end - start
        visits, rest, recall = self.found.visits.counts[at], self.found.rest.counts[at], self._recall(start, end)
        incidents = estimate(self.found.both(at))
        field = hours(visits, self.away).plus(_known(recall, self.away))
        desk = hours(rest, self.desk).plus(hours(visits, self.before)).plus(_known(recall, self.before))
        parts = Amount(visits.mean * self.parts, visits.variance * self.parts**2).plus(Amount(recall, 0.0))
        spent = self._spent(visits, rest, recall, self.away, self.before, self.desk)
        return Span(
            name,
            add_months(self.first, start),
            add_months(self.first, end),
            sum(self.found.visits.unit_months[start:end]),
            incidents,
            sum(self._naive(month) for month in range(start, end)),
            estimate(visits).plus(recall),
            recall,
            estimate(field),
            estimate(desk),
            estimate(spent),
            staffing.field_heads(field, said.productive_hours * months, said.absence / 100),
            self._desk(incidents.mean / months, (visits.mean + recall) / months),
            self._desk(incidents.high80 / months, (estimate(visits).high80 + recall) / months),
            estimate(parts),
            estimate(self._cost(visits, rest, recall)),
            self._covered(start, end),
        )

    def month(self, number: int) -> Month:
        visits, rest = self.found.visits.counts[number], self.found.rest.counts[number]
        spent = self._spent(visits, rest, self._recall(number, number + 1), self.away, self.before, self.desk).mean
        month, incidents = add_months(self.first, number), estimate(self.found.both(number))
        unit_months, covered = self.found.visits.unit_months[number], self._covered(number, number + 1)
        return Month(month, unit_months, incidents, self._naive(number), spent, covered)

    def _naive(self, month: int) -> float:
        return self.found.visits.naive[month] + self.found.rest.naive[month]

    def _recall(self, start: int, end: int) -> float:
        """Visits of a recall in these months: every unit of the product that operates now, in equal parts."""
        within = max(0.0, min(end, self.said.recall_months) - start)
        return self.recalled * within / self.said.recall_months

    def _spent(self, visits: Predictive, rest: Predictive, recall: float, away: Handling, before: Handling, desk: Handling) -> Amount:
        """Hours (or money) of all incidents together: visits, with time at the desk before them, and those all done at the desk."""
        visit = with_travel(away, before)
        return hours(visits, visit).plus(_known(recall, visit)).plus(hours(rest, desk))

    def _cost(self, visits: Predictive, rest: Predictive, recall: float) -> Amount:
        field, desk = self.said.field_cost, self.said.desk_cost
        away = with_travel(_times(self.away, field), _exactly(self.parts * self.said.part_cost))
        return self._spent(visits, rest, recall, away, _times(self.before, desk), _times(self.desk, desk))

    def _desk(self, incidents: float, visits: float) -> Desk:
        """Desk positions in the busiest half hour of a month of so many incidents, visits and all."""
        said, remote = self.said, self.desk.mean * 60 / self.said.contacts
        total = max(incidents, visits)
        share = visits / total if total else 0.0
        contacts = total * said.contacts / (said.opening_hours * _HALF_HOURS) * said.peak / 100
        minutes = max(0.1, share * said.desk_minutes + (1 - share) * remote)
        level, occupancy, shrinkage = said.service_level / 100, said.occupancy / 100, said.shrinkage / 100
        return staffing.erlang_c(contacts, 30, minutes, said.answer_seconds, level, occupancy, shrinkage)

    def _covered(self, start: int, end: int) -> float:
        """The share of expected incidents on units that are still covered then, in the middle of these months."""
        at = self.skip + (start + end) // 2
        total, covered = 0.0, 0.0
        for driver in (*self.found.visits.drivers, *self.found.rest.drivers):
            mean, units = driver.factor * sum(driver.coming[start:end]), driver.product.operating
            total += mean
            covered += mean * driver.product.covered[min(at, len(driver.product.covered) - 1)] / units if units else 0.0
        return covered / total if total else 0.0


def handled(facts: Facts, found: Split, at: int) -> Amount:
    """The hours that tickets of incidents to come will show: neither travel nor time before a visit is in them."""
    visit, remote = (handling(known) or _exactly(0.0) for known in (facts.visit_hours, facts.desk_hours))
    return hours(found.visits.counts[at], visit).plus(hours(found.rest.counts[at], remote))


def _exactly(each: float, spread: float = 0.0) -> Handling:
    """A time that is assumed and not measured; `spread` is relative to it."""
    return Handling(_ASSUMED, each, each, each, each, each, each, each * spread, 0.0)


def _times(each: Handling, factor: float) -> Handling:
    return Handling(each.n, *(one * factor for one in each[1:]))


def _known(number: float, each: Handling) -> Amount:
    """The hours of so many visits, no more and no less."""
    return Amount(number * each.mean, number * each.spread**2 + (number * each.error) ** 2)


def _shelves(facts: Facts, said: Assumptions, found: Split) -> list[Shelf]:
    """Spares by product and region: parts of the visits expected over the lead time, by the region's share of the units."""
    lead = said.lead_days / MONTH_DAYS
    parts = facts.parts / facts.visits if facts.visits else 0.0
    shelves = []
    for driver in found.visits.drivers:
        expected = driver.incidents(lead) / driver.factor * parts
        for region, units in sorted(driver.product.regions.items()):
            demand = predict(driver.believed, [expected * units / driver.product.operating])
            shelves.append(Shelf(driver.product.name, region, units, stock_for(demand, said.spares_target / 100)))
    return shelves
