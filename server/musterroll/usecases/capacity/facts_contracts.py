"""Contract facts for planning: past and coming renewals, revenue at risk, revenue per unit-month."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Row
from sqlmodel import Session

from musterroll.domain.capacity import renewals
from musterroll.domain.capacity.facts import AccountAtRisk, SegmentRenewals
from musterroll.domain.contracts import terms as rules
from musterroll.domain.contracts.renewal_outcomes import PastTerm, past_terms, term_ends
from musterroll.domain.contracts.retention import BACK, Retention, retention
from musterroll.domain.contracts.terms import ContractTerms
from musterroll.domain.values.dates import add_months
from musterroll.storage.capacity import facts as stored_facts
from musterroll.storage.capacity.facts import UnitColumns
from musterroll.storage.contracts import retention as stored_retention
from musterroll.storage.contracts.lines_in_force import contract_terms

AHEAD = 12  # months of renewals looked ahead
_QUARTER = 91 * 86_400_000
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
    past = _past(session, on)
    return ContractFacts(_renewals(contracts, past, worth, names, on), at_risk, _prices(contracts, lines, units))


def ended(session: Session, on: date) -> list[tuple[int, bool]]:
    """Terms that ended in the last years: how many months before the month of `on`, and whether they were renewed."""
    return [(-_months(on, term.ends_on), term.outcome.renews) for term in _past(session, on)]


def _past(session: Session, on: date) -> list[PastTerm]:
    contracts = stored_retention.contracts(session)
    return past_terms(contracts.values(), stored_retention.lines(session, contracts), add_months(on, -BACK), on)


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


def _coming(contracts: Mapping[int, ContractTerms], on: date) -> list[tuple[ContractTerms, date]]:
    """Terms in force that end within a year."""
    until = add_months(on, AHEAD)
    ends = ((contract, next((end for end, _ in term_ends(contract, until) if end > on), None)) for contract in contracts.values())
    return [(contract, end) for contract, end in ends if end is not None and rules.term_on(contract, on) is not None]


def _renewals(
    contracts: Mapping[int, ContractTerms], past: Sequence[PastTerm], worth: Worth, names: Mapping[int, tuple[str, str, str]], on: date
) -> list[SegmentRenewals]:
    """By segment and currency. A term without a price is in the currency of its contract."""
    ended: dict[tuple[str, str], list[PastTerm]] = defaultdict(list)
    coming: dict[tuple[str, str], list[tuple[int, float]]] = defaultdict(list)

    def segment(contract: ContractTerms) -> str:
        return names.get(contract.account or 0, ("", "", ""))[2] or _NO_SEGMENT

    for term in past:
        for currency in term.worth or (term.contract.currency,):
            ended[(segment(term.contract), currency)].append(term)
    for contract, ends_on in _coming(contracts, on):
        for currency in worth.get(contract.id) or (contract.currency,):
            value = round(worth.get(contract.id, {}).get(currency, 0.0), 2)
            coming[(segment(contract), currency)].append((_months(on, ends_on), value))
    return [
        _segment(name, currency, retention(ended[(name, currency)], currency), coming[(name, currency)])
        for name, currency in sorted({*ended, *coming})
    ]


def _segment(name: str, currency: str, past: Retention, coming: list[tuple[int, float]]) -> SegmentRenewals:
    outcomes = {outcome.value: count for outcome, count in past.outcomes.items()}
    money = (round(value, 2) for value in (past.worth, past.gross, past.net))
    return SegmentRenewals(name, currency, past.due, past.renewed, coming, outcomes, past.priced, *money)


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
