"""The health of an account as named parts, each with its number, what it is of, its source and day.

There is no score on purpose: parts that need attention say by which rule.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from musterroll.domain.contracts.book import ENDING
from musterroll.domain.contracts.renewals import TermEnd
from musterroll.domain.usage.days import OPERATING
from musterroll.domain.usage.decline import Trend, trend
from musterroll.domain.values.dates import in_words
from musterroll.domain.values.money import Money, format_sums, totals

TICKET_DAYS = 90
NONE = "none"
Weeks = tuple[float, ...]  # of use, complete ones, the oldest first


class DueTerm(NamedTuple):
    """The contract of an account whose term ends first."""

    ending: TermEnd
    contract: str


class HealthFacts(NamedTuple):
    """What is known of one account, or of several together. `billed`: contracts in force whose payment is on record."""

    deployed: int = 0
    operating: int = 0
    covered: int = 0  # deployed units on a contract in force or in warranty
    tickets: int = 0  # opened in the last `TICKET_DAYS` days
    contracts: int = 0  # in force
    billed: int = 0
    overdue: int = 0  # of these, contracts
    owed: tuple[Money, ...] = ()  # overdue invoices
    owed_since: date | None = None  # when the oldest of them was due
    weeks: tuple[tuple[str, Weeks], ...] = ()  # by counter, in the order of their names
    due: DueTerm | None = None


class UseTrend(NamedTuple):
    counter: str
    trend: Trend


class HealthSources(NamedTuple):
    """As of when each source is. `usual_tickets`: for each deployed unit of the whole fleet."""

    on: date
    reconciled_at: datetime | None
    weeks_until: date
    usual_tickets: float
    imported_at: Mapping[str, datetime]  # by kind of document


class HealthPart(NamedTuple):
    key: str
    name: str
    number: str
    of: str
    source: str
    as_of: date | None
    attention: str = ""  # why, where it needs some


def together(facts: Iterable[HealthFacts]) -> HealthFacts:
    """An account with its subsidiaries."""
    every = list(facts)
    counts = [sum(numbers) for numbers in zip(*(row[:7] for row in every), strict=True)] or [0] * 7
    weeks: dict[str, Weeks] = {}
    for counter, uses in (pair for row in every for pair in row.weeks):
        weeks[counter] = tuple(a + b for a, b in zip(weeks[counter], uses, strict=True)) if counter in weeks else uses
    dues = [row.due for row in every if row.due]
    since = min((row.owed_since for row in every if row.owed_since), default=None)
    owed = totals(money for row in every for money in row.owed)
    first = min(dues, key=_sooner, default=None)
    return HealthFacts._make([*counts, owed, since, tuple(sorted(weeks.items())), first])


def _sooner(due: DueTerm) -> tuple[date, str]:
    return due.ending.last_day, due.contract


def use_trend(facts: HealthFacts) -> UseTrend | None:
    """Of the counter that declines most; where none declines, of operating time, or else of the first counter with a trend."""
    trends = [UseTrend(counter, of) for counter, weeks in facts.weeks if (of := trend(weeks)) is not None]
    falling = [use for use in trends if use.trend.declining]
    if falling:
        return max(falling, key=lambda use: use.trend.fall)
    return next((use for use in trends if use.counter == OPERATING), trends[0] if trends else None)


def parts(facts: HealthFacts, use: UseTrend | None, sources: HealthSources) -> list[HealthPart]:
    """All parts, also those of which nothing is known."""
    return [
        _operating(facts, sources),
        _use(use, sources),
        _tickets(facts, sources),
        _payment(facts, sources),
        _coverage(facts, sources),
        _renewal(facts, sources),
    ]


def _operating(facts: HealthFacts, sources: HealthSources) -> HealthPart:
    few = "fewer than half operate" if facts.deployed and 2 * facts.operating < facts.deployed else ""
    at = sources.reconciled_at.date() if sources.reconciled_at else None
    of = f"{facts.operating:,} of {facts.deployed:,} deployed units"
    return HealthPart("operating", "Operating share", _percent(facts.operating, facts.deployed), of, "reports of the units", at, few)


def _use(use: UseTrend | None, sources: HealthSources) -> HealthPart:
    name, source = "Use trend", "lifetime counters, 12 complete weeks"
    if use is None:
        return HealthPart("use", name, NONE, "no use in all of 12 complete weeks", source, sources.weeks_until)
    number = trend_words(use.trend.fall)
    attention = "declining by the Mann-Kendall test" if use.trend.declining else ""
    counter = "operating time" if use.counter == OPERATING else use.counter
    chance = "less than 0.01" if use.trend.p < 0.0001 else f"{100 * use.trend.p:.2g}"
    of = f"{counter}, last four weeks against the first four; by chance {chance} %"
    return HealthPart("use", name, number, of, source, sources.weeks_until, attention)


def trend_words(fall: float) -> str:
    """
    >>> trend_words(0.312), trend_words(-0.05), trend_words(0.004)
    ('-31 %', '+5 %', '0 %')
    """
    change = round(-100 * fall)
    return f"{change:+} %" if change else "0 %"


def _tickets(facts: HealthFacts, sources: HealthSources) -> HealthPart:
    usual = sources.usual_tickets * facts.deployed
    many = "more for each unit than the whole fleet" if facts.tickets > usual else ""
    of = f"opened in {TICKET_DAYS} days; the fleet's rate would be {usual:,.1f}"
    source, at = _imported("incidents", "incidents", sources)
    return HealthPart("tickets", "Tickets", f"{facts.tickets:,}", of, source, at, many)


def _payment(facts: HealthFacts, sources: HealthSources) -> HealthPart:
    kind = "invoices" if "invoices" in sources.imported_at else "billing"
    source, at = _imported(kind, "invoices and billing lists", sources)
    if facts.owed and facts.owed_since:
        of = f"overdue invoices, the oldest by {(sources.on - facts.owed_since).days:,} days"
        return HealthPart("payment", "Payment", format_sums(facts.owed, short=True), of, source, at, "overdue")
    if not facts.billed:
        return HealthPart("payment", "Payment", NONE, "no payment on record", source, at)
    of = f"contract{'' if facts.billed == 1 else 's'} in force with a payment state overdue"
    return HealthPart("payment", "Payment", f"{facts.overdue:,} of {facts.billed:,}", of, source, at, "overdue" if facts.overdue else "")


def _coverage(facts: HealthFacts, sources: HealthSources) -> HealthPart:
    of = f"{facts.covered:,} of {facts.deployed:,} deployed units on a contract or in warranty"
    none = "no unit is covered" if facts.deployed and not facts.covered else ""
    return HealthPart(
        "coverage", "Coverage", _percent(facts.covered, facts.deployed), of, "contracts and warranties in force", sources.on, none
    )


def _renewal(facts: HealthFacts, sources: HealthSources) -> HealthPart:
    name, source = "Days to renewal", "terms of contracts in force"
    if facts.due is None:
        of = "no contract in force" if not facts.contracts else "no term ends within twelve months"
        return HealthPart("renewal", name, NONE, of, source, sources.on)
    ending = facts.due.ending
    days = (ending.last_day - sources.on).days
    of = f"contract {facts.due.contract} {'auto-renews' if ending.renews else 'expires'} after {in_words(ending.last_day)}"
    soon = f"expires within {ENDING} days" if not ending.renews and days <= ENDING else ""
    return HealthPart("renewal", name, f"{days:,}", of, source, sources.on, soon)


def _imported(kind: str, name: str, sources: HealthSources) -> tuple[str, date | None]:
    at = sources.imported_at.get(kind)
    return (f"{name}, last import", at.date()) if at else (f"{name}, none imported", None)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else NONE
