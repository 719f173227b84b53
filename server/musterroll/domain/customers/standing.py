"""Who is a customer: since when, whether now, with operating units or without, lapsed or won back.

A customer has had a contract in force or a unit deployed. Times with either follow each other as one period where the gap between them is
at most `GAP`: a contract renewed late does not end a customer.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from musterroll.domain.contracts.renewal_outcomes import FOLLOWS
from musterroll.domain.contracts.terms import ContractState, ContractTerms, last_end, term_on
from musterroll.domain.values.dates import Span

GAP = FOLLOWS


class Standing(StrEnum):
    OPERATING = "operating"  # a customer now, with operating units
    DORMANT = "dormant"  # a customer now, none of whose units operates
    LAPSED = "lapsed"  # a customer once, not now


class Cause(StrEnum):
    """What a customer had last, and how it ended."""

    CANCELLED = "contract cancelled"
    NOT_RENEWED = "contract not renewed"
    UNITS_LEFT = "units returned or retired"


class Ending(NamedTuple):
    """`contract`: its number, and the `reason` that records give, where a contract ended last."""

    on: date
    cause: Cause
    contract: str = ""
    reason: str = ""


class Customer(NamedTuple):
    """`first_on`: of the first purchase, None where no record has a day. `won_back_on`: of customers now that had lapsed before."""

    standing: Standing
    first_on: date | None
    lapsed_on: date | None = None
    won_back_on: date | None = None


def contract_span(contract: ContractTerms, on: date) -> Span | None:
    """The days a contract makes its account a customer, as known on a day. None: not begun, or a draft.

    It has no end where it is in force. A cancelled contract whose last day is not on record counts as a purchase only.
    """
    starts_on = contract.span.starts_on
    if contract.state is ContractState.DRAFT or starts_on > on:
        return None
    if term_on(contract, on) is not None:
        return Span(starts_on)
    unknown = contract.state is ContractState.CANCELLED and contract.ended_on is None
    end = starts_on if unknown and (contract.span.ends_on or on) >= on else last_end(contract, on)
    return Span(starts_on, max(end, date.fromordinal(starts_on.toordinal() + 1)))


def periods(spans: Iterable[Span]) -> list[Span]:
    """Spans as periods of a customer. `storage.customers.spans` is the same in SQL.

    >>> [str(p.ends_on) for p in periods([Span(date(2024, 1, 1), date(2025, 1, 1)), Span(date(2025, 3, 1), date(2025, 4, 1))])]
    ['2025-04-01']
    """
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: span.order):
        last = merged[-1] if merged else None
        if last is None or (last.ends_on is not None and span.starts_on > last.ends_on + GAP):
            merged.append(span)
        elif last.ends_on is not None:
            merged[-1] = Span(last.starts_on, None if span.ends_on is None else max(last.ends_on, span.ends_on))
    return merged


def customer(history: Sequence[Span], current: bool, operating: int) -> Customer | None:
    """`history`: periods; `current`: a contract is in force or a unit deployed. None: never was a customer."""
    if not history and not current:
        return None
    first_on = history[0].starts_on if history else None
    if not current:
        return Customer(Standing.LAPSED, first_on, history[-1].ends_on)
    again = history[-1].starts_on if len(history) > 1 and history[-1].ends_on is None else None
    return Customer(Standing.OPERATING if operating else Standing.DORMANT, first_on, won_back_on=again)


def ended_within(history: Sequence[Span], quarter: Span) -> bool:
    """Whether a period ended within a quarter."""
    return any(period.ends_on is not None and quarter.holds(period.ends_on) for period in history)


def last_ending(endings: Iterable[Ending]) -> Ending | None:
    """What ended last; of several things on one day a contract."""
    return max(endings, key=lambda ending: (ending.on, ending.cause is not Cause.UNITS_LEFT, ending.contract), default=None)
