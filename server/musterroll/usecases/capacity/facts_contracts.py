"""Contract facts for planning: past and coming renewals, revenue at risk, revenue per unit-month."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Row
from sqlmodel import Session

from musterroll.domain.capacity import renewals
from musterroll.domain.capacity.facts import AccountAtRisk, SegmentRenewals
from musterroll.domain.contracts import terms as rules
from musterroll.domain.contracts.terms import ContractState, ContractTerms
from musterroll.domain.values.dates import Span, add_months
from musterroll.storage.capacity import facts as stored_facts
from musterroll.storage.capacity.facts import UnitColumns
from musterroll.storage.contracts.lines_in_force import contract_terms

AHEAD = 12  # months of renewals looked ahead
_QUARTER = 91 * 86_400_000
_FOLLOWS = timedelta(90)  # days; a contract of the same account that starts that soon after another's end renews it
BACK = 36  # months of terms that ended
_NO_SEGMENT = "no segment"
_SAMPLE = 2_000


class ContractFacts(NamedTuple):
    renewals: list[SegmentRenewals]
    at_risk: list[AccountAtRisk]
    prices: dict[str, list[float]]


def gather(session: Session, units: UnitColumns, on: date, at: int) -> ContractFacts:
    """Renewals by segment, revenue at risk by account, and prices of lines with operating units; `at` is ms."""
    contracts = {row.id or 0: contract_terms(row) for row in stored_facts.contracts(session)}
    lines, names = stored_facts.lines(session), stored_facts.account_names(session)
    worth = _worth(contracts, lines, on)
    at_risk = _at_risk(contracts, worth, names, units, on, at)
    return ContractFacts(_renewals(contracts, worth, names, on), at_risk, _prices(contracts, lines, units))


def ended(session: Session, on: date) -> list[tuple[int, bool]]:
    """Terms that ended in the last years: how many months before the month of `on`, and whether they were renewed."""
    contracts = {row.id or 0: contract_terms(row) for row in stored_facts.contracts(session)}
    return [(-_months(on, term.ends_on), term.renewed) for term in _terms(contracts, on) if term.renewed is not None]


Worth = Mapping[int, Mapping[str, float]]  # annual value by contract and currency


def _worth(contracts: Mapping[int, ContractTerms], lines: Sequence[Row[Any]], on: date) -> Worth:
    """Annual value of the lines in force at the end of their contract (`terms.worth_day`)."""
    worth: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    days = {contract.id: rules.worth_day(contract, on) for contract in contracts.values()}
    for line in lines:
        contract = contracts[line.contract_id]
        span = rules.line_span(contract, line.starts_on, line.ends_on)
        if line.price is not None and rules.days_in_force(span, contract, days[contract.id]) is not None:
            worth[contract.id][line.currency or contract.currency] += float(line.price) * line.quantity
    return worth


class _Term(NamedTuple):
    contract: ContractTerms
    ends_on: date
    renewed: bool | None  # None: not ended yet


def _terms(contracts: Mapping[int, ContractTerms], on: date) -> Iterator[_Term]:
    """Terms that ended in the last years and those that end in the next: a contract renews automatically or by a successor."""
    since, until = add_months(on, -BACK), add_months(on, AHEAD)
    begun: dict[int | None, list[date]] = defaultdict(list)
    for contract in contracts.values():
        if contract.state is not ContractState.DRAFT:
            begun[contract.account].append(contract.span.starts_on)
    for contract in contracts.values():
        if contract.state is ContractState.DRAFT:
            continue
        for term in rules.terms(contract):
            ends = _end(contract, term)
            if ends is None or ends > until:
                break
            if ends > on and rules.term_on(contract, on) is not None:
                yield _Term(contract, ends, None)
            elif since <= ends <= on:
                yield _Term(contract, ends, _renewed(contract, ends, on, begun[contract.account]))
            if ends > on or ends != term.ends_on:
                break


def _end(contract: ContractTerms, term: Span) -> date | None:
    return min((day for day in (term.ends_on, contract.ended_on) if day is not None), default=None)


def _renewed(contract: ContractTerms, ends: date, on: date, begun: Sequence[date]) -> bool:
    itself = contract.state is ContractState.ACTIVE and rules.term_on(contract, ends) is not None
    return itself or any(ends - timedelta(1) <= day <= min(ends + _FOLLOWS, on) and day != contract.span.starts_on for day in begun)


def _renewals(
    contracts: Mapping[int, ContractTerms], worth: Worth, names: Mapping[int, tuple[str, str, str]], on: date
) -> list[SegmentRenewals]:
    by_segment: dict[tuple[str, str], list[_Term]] = defaultdict(list)
    for term in _terms(contracts, on):
        segment = names.get(term.contract.account or 0, ("", "", ""))[2] or _NO_SEGMENT
        for currency in worth.get(term.contract.id) or (term.contract.currency,):
            by_segment[(segment, currency)].append(term)
    return [
        SegmentRenewals(
            segment,
            currency,
            due=sum(term.renewed is not None for term in terms),
            renewed=sum(term.renewed is True for term in terms),
            coming=[
                (_months(on, term.ends_on), round(worth.get(term.contract.id, {}).get(currency, 0.0), 2))
                for term in terms
                if term.renewed is None
            ],
        )
        for (segment, currency), terms in sorted(by_segment.items())
    ]


def _months(on: date, day: date) -> int:
    """Months from the month of `on` to that of a day."""
    return (day.year - on.year) * 12 + day.month - on.month


def _at_risk(
    contracts: Mapping[int, ContractTerms],
    worth: Worth,
    names: Mapping[int, tuple[str, str, str]],
    units: UnitColumns,
    on: date,
    at: int,
) -> list[AccountAtRisk]:
    """Accounts with contracts in force of which most units are silent, or a fifth fewer operate than a quarter ago."""
    money: dict[tuple[int, str], float] = defaultdict(float)
    for contract in contracts.values():
        if contract.account and worth.get(contract.id) and rules.term_on(contract, on) is not None:
            for currency, value in worth[contract.id].items():
                money[(contract.account, currency)] += value
    size = int(max(units.account.max(initial=0), max((account for account, _ in money), default=0))) + 1
    operating, deployed = units.cell & 1 == 1, units.cell & 2 == 2
    heard_then = (units.first_heard >= 0) & (units.first_heard < at - _QUARTER) & (operating | (units.stale_since >= at - _QUARTER))
    counted = (operating & deployed, heard_then & deployed, deployed)
    now, before, out = (np.bincount(units.account[which], minlength=size) for which in counted)
    risks = []
    for (account, currency), value in money.items():
        risk = renewals.risk(int(now[account]), int(before[account]), int(out[account]))
        if risk is not None:
            ref, name, _ = names.get(account, ("", "", ""))
            counts = int(now[account]), int(before[account]), int(out[account])
            risks.append(AccountAtRisk(ref, name, risk.value, *counts, round(value, 2), currency))
    return sorted(risks, key=lambda risk: -risk.value)


def _prices(contracts: Mapping[int, ContractTerms], lines: Sequence[Row[Any]], units: UnitColumns) -> dict[str, list[float]]:
    """Revenue per unit-month of operating units on priced lines; an even sample."""
    priced = {
        line.id: (line.currency or contracts[line.contract_id].currency, round(float(line.price) / 12, 4))
        for line in lines
        if line.price is not None
    }
    by_currency: dict[str, list[float]] = defaultdict(list)
    for line in units.line[(units.cell & 1 == 1) & (units.line > 0)].tolist():
        if line in priced:
            currency, price = priced[line]
            by_currency[currency].append(price)
    return {currency: values[:: max(1, -(-len(values) // _SAMPLE))] for currency, values in by_currency.items()}
