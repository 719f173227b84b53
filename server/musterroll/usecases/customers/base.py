"""The customer base: customers ever and now, dormant, lapsed and won back, retention by cohort, churn, and a row for each customer.

Each account stands for itself, or for itself and all its subsidiaries (`rolled`): then only accounts without a parent are customers.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from sqlmodel import Session

from musterroll.domain.contracts.book import Worth
from musterroll.domain.contracts.terms import ContractState, ContractTerms
from musterroll.domain.customers import counts as count_rules
from musterroll.domain.customers import health as health_rules
from musterroll.domain.customers import standing as rules
from musterroll.domain.customers.cohorts import RetentionCurve, curves
from musterroll.domain.customers.counts import CustomerCounts, CustomerGroup
from musterroll.domain.customers.health import HealthFacts
from musterroll.domain.customers.standing import Cause, Customer, Ending, Standing
from musterroll.domain.values.dates import Span
from musterroll.domain.values.money import Money, totals
from musterroll.storage.accounts import hierarchy
from musterroll.storage.accounts.hierarchy import AccountNode
from musterroll.storage.contracts import retention as stored_contracts
from musterroll.storage.customers import spans
from musterroll.storage.customers.spans import Histories
from musterroll.usecases.customers import health
from musterroll.usecases.installed_base import renewals, worth
from musterroll.usecases.installed_base.worth import WorthBreakdown
from musterroll.usecases.operations import figure_cache as cached_figures
from musterroll.usecases.operations.figure_cache import CountedFigure, Figure, FiguresTogether


class CustomerRow(NamedTuple):
    """One customer, with the numbers of its health. `accounts`: itself and its subsidiaries, as far as they are counted with it."""

    ref: str
    name: str
    parent: str  # its number
    segment: str
    country: str
    accounts: int
    standing: Standing
    first_on: date | None
    lapsed_on: date | None
    won_back_on: date | None
    churned: bool  # a period ended in the last quarter
    cause: Cause | None  # of what ended last, of those that lapsed or churned
    contract: str
    reason: str
    deployed: int
    operating: int
    covered: int
    tickets: int
    contracts: int
    billed: int
    overdue: int
    owed: tuple[Money, ...]  # overdue invoices
    counter: str
    fall: float | None
    p: float | None
    declining: bool
    due_on: date | None
    due_contract: str
    renews: bool
    worth: tuple[Money, ...] = ()  # annual value of its contract lines in force
    stake: tuple[Money, ...] = ()  # what of it is at stake, each amount once


class CustomerBase(NamedTuple):
    """Of `accounts` on record. `opening`: customers when the last quarter began. `causes`: of those who churned in it."""

    accounts: int
    counts: CustomerCounts
    opening: int
    causes: dict[Cause, int]
    segments: list[CustomerGroup]
    countries: list[CustomerGroup]
    months: list[CustomerGroup]  # of first purchase, the newest first
    curves: list[RetentionCurve]


class Customers(NamedTuple):
    """`quarter`: the last one that is over."""

    on: date
    quarter: Span
    own: CustomerBase
    rolled: CustomerBase

    def of(self, rolled: bool) -> CustomerBase:
        return self.rolled if rolled else self.own


def customers(session: Session, now: datetime) -> CountedFigure[Customers]:
    return cached_figures.counted_figure(session, CUSTOMERS, now)


def rows(session: Session, rolled: bool, now: datetime) -> CountedFigure[list[CustomerRow]]:
    """Every customer, in the order of their numbers."""
    return cached_figures.counted_figure(session, ROLLED if rolled else OWN, now)


class _Records(NamedTuple):
    on: date
    nodes: list[AccountNode]
    contracts: Mapping[int, ContractTerms]
    reasons: Mapping[int, str]
    histories: Histories
    facts: dict[int, HealthFacts]
    worth: Mapping[int, Worth]


class _Member(NamedTuple):
    """A customer with its periods, as far as they are known."""

    row: CustomerRow
    history: list[Span]


def _read(session: Session, now: datetime) -> _Records:
    on, nodes, contracts = now.astimezone(UTC).date(), hierarchy.tree(session, None), stored_contracts.contracts(session)
    owned = [
        (contract.account, span) for contract in contracts.values() if contract.account and (span := rules.contract_span(contract, on))
    ]
    refs, due = {node.ref: node.id for node in nodes}, renewals.due_contracts(session, now).value.due
    first = {refs[row.account_ref]: row for row in reversed(due) if row.account_ref in refs}  # in order of their end
    facts = health.facts(session, now, contracts, first)
    book = worth.breakdown(session, WorthBreakdown.ACCOUNT, now).value
    worths = {refs[row.key]: row.worth for row in book if row.key in refs}
    return _Records(on, nodes, contracts, stored_contracts.ended_reasons(session), spans.histories(session, owned, on), facts, worths)


def _members(records: _Records, rolled: bool) -> list[_Member]:
    tops, names = _tops(records.nodes, rolled), {node.id: node for node in records.nodes}
    groups: dict[int, list[int]] = defaultdict(list)
    for node in records.nodes:
        groups[tops[node.id]].append(node.id)
    endings, quarter = _endings(records), count_rules.last_quarter(records.on)
    parents = {node.id: names[node.parent_id].ref if node.parent_id in names else "" for node in records.nodes}
    members = (_member(records, names[top], parents[top], ids, endings, quarter) for top, ids in groups.items())
    return sorted((member for member in members if member is not None), key=lambda member: member.row.ref)


def _tops(nodes: Iterable[AccountNode], rolled: bool) -> dict[int, int]:
    """The account that each stands for: itself, or the top of its tree. Parents come before children."""
    tops: dict[int, int] = {}
    for node in nodes:
        tops[node.id] = tops.get(node.parent_id or 0, node.id) if rolled else node.id
    return tops


def _member(
    records: _Records, node: AccountNode, parent: str, ids: list[int], endings: Mapping[int, list[Ending]], quarter: Span
) -> _Member | None:
    known = records.histories
    history = rules.periods(period for number in ids for period in known.periods.get(number, ()))
    facts = health_rules.together(records.facts[number] for number in ids if number in records.facts)
    current = any(number in known.deployed for number in ids) or any(period.ends_on is None for period in history)
    customer = rules.customer(history, current, facts.operating)
    if customer is None:
        return None
    churned = rules.ended_within(history, quarter)
    last = rules.last_ending(ending for number in ids for ending in endings.get(number, ()))
    worths = [records.worth[number] for number in ids if number in records.worth]
    ended = last if churned or not current else None
    return _Member(_row(node, parent, len(ids), customer, churned, ended, facts, worths), history)


def _row(
    node: AccountNode,
    parent: str,
    accounts: int,
    customer: Customer,
    churned: bool,
    last: Ending | None,
    facts: HealthFacts,
    worths: Sequence[Worth],
) -> CustomerRow:
    use, due = health_rules.use_trend(facts), facts.due
    return CustomerRow(
        *(node.ref, node.name, parent, node.segment or "", node.country or "", accounts),
        *(customer.standing, customer.first_on, customer.lapsed_on, customer.won_back_on, churned),
        cause=last.cause if last else None,
        contract=last.contract if last else "",
        reason=last.reason if last else "",
        deployed=facts.deployed,
        operating=facts.operating,
        covered=facts.covered,
        tickets=facts.tickets,
        contracts=facts.contracts,
        billed=facts.billed,
        overdue=facts.overdue,
        owed=facts.owed,
        counter=use.counter if use else "",
        fall=round(use.trend.fall, 4) if use else None,
        p=use.trend.p if use else None,
        declining=use is not None and use.trend.declining,
        due_on=due.ending.last_day if due else None,
        due_contract=due.contract if due else "",
        renews=due is not None and due.ending.renews,
        worth=totals(money for of in worths for money in of.value),
        stake=totals(money for of in worths for money in of.stake),
    )


def _endings(records: _Records) -> dict[int, list[Ending]]:
    """What ended, by account: contracts, and the last of its units."""
    endings: dict[int, list[Ending]] = defaultdict(list)
    for number, contract in records.contracts.items():
        span = rules.contract_span(contract, records.on) if contract.account else None
        if contract.account and span is not None and span.ends_on is not None:
            cancelled = contract.state is ContractState.CANCELLED or contract.ended_on is not None
            cause = Cause.CANCELLED if cancelled else Cause.NOT_RENEWED
            endings[contract.account].append(Ending(span.ends_on, cause, contract.ref, records.reasons.get(number, "")))
    for account, day in records.histories.units_left.items():
        endings[account].append(Ending(day, Cause.UNITS_LEFT))
    return endings


def _base(records: _Records, members: list[_Member], accounts: int) -> CustomerBase:
    quarter, every = count_rules.last_quarter(records.on), [member.row for member in members]
    opening = sum(any(period.holds(quarter.starts_on) for period in member.history) for member in members)
    months = count_rules.by(every, lambda row: count_rules.month(row.first_on))
    return CustomerBase(
        accounts,
        count_rules.count(every),
        opening,
        count_rules.count_causes(row.cause for row in every if row.churned),
        count_rules.by(every, lambda row: row.segment),
        count_rules.by(every, lambda row: row.country),
        months[::-1],
        curves([member.history[0] for member in members if member.history], records.on),
    )


def _each(session: Session, now: datetime) -> Iterator[Any]:
    records = _read(session, now)
    own, rolled = (_members(records, together) for together in (False, True))
    accounts = [len(records.nodes), sum(node.depth == 0 for node in records.nodes)]
    bases = (_base(records, members, number) for members, number in zip((own, rolled), accounts, strict=True))
    yield Customers(records.on, count_rules.last_quarter(records.on), *bases)
    yield [member.row for member in own]
    yield [member.row for member in rolled]


def _only(session: Session, now: datetime, rolled: bool) -> list[CustomerRow]:
    return [member.row for member in _members(_read(session, now), rolled)]


CUSTOMERS = Figure[Customers]("customers", TypeAdapter(Customers), lambda session, now: next(_each(session, now)))
_ROWS = TypeAdapter(list[CustomerRow])
OWN = Figure[list[CustomerRow]]("customers_own", _ROWS, lambda session, now: _only(session, now, False))
ROLLED = Figure[list[CustomerRow]]("customers_rolled", _ROWS, lambda session, now: _only(session, now, True))
ALL = FiguresTogether([CUSTOMERS, OWN, ROLLED], _each)
