"""Contract facts for planning: past and coming renewals, revenue at risk, revenue per unit-month."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.capacity import renewals
from musterroll.domain.capacity.facts import AccountAtRisk, SegmentRenewals
from musterroll.domain.contracts import terms as rules
from musterroll.domain.contracts.renewal_outcomes import PastTerm, past_terms, term_ends
from musterroll.domain.contracts.retention import BACK, Retention, retention
from musterroll.domain.contracts.terms import ContractTerms
from musterroll.domain.values.dates import add_months
from musterroll.storage.capacity import facts as stored_facts
from musterroll.storage.contracts import retention as stored_retention
from musterroll.storage.engine.columns import Columns

AHEAD = 12  # months of renewals looked ahead
_QUARTER = 91 * 86_400_000
_NO_SEGMENT = "no segment"
_SAMPLE = 2_000


class ContractFacts(NamedTuple):
    renewals: list[SegmentRenewals]
    at_risk: list[AccountAtRisk]
    prices: dict[str, list[float]]


class ContractRecords(NamedTuple):
    """All contracts, and the terms that ended in the last years."""

    contracts: Mapping[int, ContractTerms]
    past: Sequence[PastTerm]


def read(session: Session, on: date) -> ContractRecords:
    contracts = stored_retention.contracts(session)
    past = past_terms(contracts.values(), stored_retention.lines(session, contracts), add_months(on, -BACK), on)
    return ContractRecords(contracts, past)


def gather(session: Session, columns: Columns, records: ContractRecords, on: date, at: int) -> ContractFacts:
    """Renewals by segment, revenue at risk by account, and prices of lines with operating units; `at` is ms."""
    names, worth = stored_facts.account_names(session), _worth(columns, records.contracts, on)
    at_risk = _at_risk(records.contracts, worth, names, stored_facts.of_accounts(columns, at - _QUARTER), on)
    return ContractFacts(_renewals(records.contracts, records.past, worth, names, on), at_risk, _prices(columns))


def ended(records: ContractRecords, on: date) -> list[tuple[int, bool]]:
    """The terms that ended: how many months before the month of `on`, and whether they were renewed."""
    return [(-_months(on, term.ends_on), term.outcome.renews) for term in records.past]


Worth = Mapping[int, Mapping[str, float]]  # annual value by contract and currency


def _worth(columns: Columns, contracts: Mapping[int, ContractTerms], on: date) -> Worth:
    """Annual value of the lines in force at the end of their contract (`terms.worth_day`)."""
    days = ((contract, rules.worth_day(contract, on)) for contract in contracts.values())
    in_force = [(contract.id, day, contract.span.ends_on) for contract, day in days if rules.term_on(contract, day) is not None]
    worth: dict[int, dict[str, float]] = defaultdict(dict)
    for number, currency, amount in stored_facts.worth(columns, in_force):
        worth[number][currency] = amount / 10_000
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
    units: Mapping[int, tuple[int, int, int]],
    on: date,
) -> list[AccountAtRisk]:
    """Accounts with contracts in force of which most units are silent, or a fifth fewer operate than a quarter ago.

    `units` of each account: operating, operating a quarter ago, deployed.
    """
    money: dict[tuple[int, str], float] = defaultdict(float)
    for contract in contracts.values():
        if contract.account and worth.get(contract.id) and rules.term_on(contract, on) is not None:
            for currency, value in worth[contract.id].items():
                money[(contract.account, currency)] += value
    risks = []
    for (account, currency), value in money.items():
        counts = units.get(account, (0, 0, 0))
        risk = renewals.risk(*counts)
        if risk is not None:
            ref, name, _ = names.get(account, ("", "", ""))
            risks.append(AccountAtRisk(ref, name, risk.value, *counts, round(value, 2), currency))
    return sorted(risks, key=lambda risk: -risk.value)


def _prices(columns: Columns) -> dict[str, list[float]]:
    """Revenue per unit-month of operating units on priced lines; an even sample."""
    by_currency: dict[str, list[float]] = defaultdict(list)
    for currency, price in stored_facts.prices(columns, _SAMPLE):
        by_currency[currency].append(round(price / 10_000 / 12, 4))
    return dict(by_currency)
