"""Contracts and their lines: what is in force on a day, how it renews, and whether a line fits its contract.

The state is what the document says; what is in force is worked out for a day. Billing never ends cover.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from musterroll.domain.values.dates import Span, end_after, in_words, last_day
from musterroll.domain.values.money import Money


class ContractState(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class ContractTerms(NamedTuple):
    id: int
    ref: str  # the number people know it by
    account: int | None
    state: ContractState
    span: Span  # the first term
    auto_renew: bool = False
    renewal_months: int = 12
    notice_days: int = 0
    notice_on: date | None = None  # the day notice was given
    ended_on: date | None = None  # first day without cover after a cancellation, if recorded
    currency: str = ""  # of lines that have none of their own; empty: unknown
    renews: str = ""  # the number of the contract it succeeds, where records say


class LineScope(StrEnum):
    """What a line covers, most specific first: a serial, or a quantity of a product at a place."""

    SERIAL = "serial"
    SITE = "site"
    ACCOUNT = "account"
    SUBTREE = "subtree"


class LineTerms(NamedTuple):
    id: int
    ref: str  # contract number and line, as C00001/1
    contract: int
    scope: LineScope
    place: int | None = None  # the site or account, by scope
    serial_key: str = ""
    product: int | None = None
    quantity: int = 1
    span: Span | None = None  # None: as long as the contract
    price: Money | None = None  # per unit per year
    service: str = ""


class Payment(StrEnum):
    PAID = "paid"
    OVERDUE = "overdue"
    VOID = "void"
    UNKNOWN = "unknown"


class Billing(NamedTuple):
    payment: Payment = Payment.UNKNOWN
    invoiced_on: date | None = None
    subscription: str = ""


class Renewal(NamedTuple):
    """How a term ends."""

    ends_on: date | None
    renews: bool
    notice_by: date | None  # the last day to give notice


def terms(contract: ContractTerms) -> Iterator[Span]:
    """The terms of a contract in order: the first, then each renewal; endless unless notice is given."""
    yield (term := contract.span)
    renews = contract.state is ContractState.ACTIVE and contract.auto_renew and contract.renewal_months > 0
    number = 0
    while renews and term.ends_on is not None and term.ends_on < date.max and not _noticed(contract, term.ends_on):
        number += 1
        ends_on = end_after(contract.span.ends_on or term.ends_on, number * contract.renewal_months)
        yield (term := Span(term.ends_on, ends_on))


def _noticed(contract: ContractTerms, ends_on: date) -> bool:
    return contract.notice_on is not None and contract.notice_on <= _notice_by(contract, ends_on)


def _notice_by(contract: ContractTerms, ends_on: date) -> date:
    """The full notice days lie between this day and the last day of the term."""
    return last_day(ends_on) - timedelta(contract.notice_days)


def term_on(contract: ContractTerms, on: date) -> Span | None:
    """The term in force on a day; None if the contract is not in force.

    A draft never is. A cancelled contract is in force until it ended, and never if that day is not on record.
    """
    if contract.state is ContractState.DRAFT or (contract.state is ContractState.CANCELLED and contract.ended_on is None):
        return None
    term = next((t for t in terms(contract) if t.ends_on is None or on < t.ends_on), None)
    if term is None or not term.holds(on):
        return None
    return term if contract.ended_on is None else _cut(term, contract.ended_on, on)


def last_end(contract: ContractTerms, on: date) -> date:
    """When the last term that had started by a day ended; if it has not ended, that day."""
    last = contract.span
    for term in terms(contract):
        if term.starts_on > on:
            break
        last = term
    return min(end for end in (last.ends_on, contract.ended_on, on) if end is not None)


def line_ended_on(line: LineTerms, contract: ContractTerms, on: date) -> date | None:
    """When a line ended that no longer covers on a day; None for a line that is in force, not yet started or a draft."""
    begun = max(contract.span.starts_on, line.span.starts_on if line.span else date.min) <= on
    if contract.state is ContractState.DRAFT or not begun or line_in_force(line, contract, on) is not None:
        return None
    follows = line.span is None or line.span.ends_on in (None, contract.span.ends_on)
    end = last_end(contract, on)
    return end if follows or line.span is None or line.span.ends_on is None else min(line.span.ends_on, end)


def _cut(term: Span, ended_on: date, on: date) -> Span | None:
    cut = term.within(Span(date.min, ended_on))
    return cut if cut is not None and cut.holds(on) else None


def line_in_force(line: LineTerms, contract: ContractTerms, on: date) -> Span | None:
    """The days around `on` that a line covers; None if it does not. A line that ends with the first term renews with the contract."""
    return days_in_force(line.span, contract, on)


def days_in_force(span: Span | None, contract: ContractTerms, on: date) -> Span | None:
    """As `line_in_force`, of a line with these days of its own (None: as long as the contract)."""
    term = term_on(contract, on)
    if term is None or span is None:
        return term
    follows = span.ends_on is None or span.ends_on == contract.span.ends_on
    covered = term.within(Span(span.starts_on, None if follows else span.ends_on))
    return covered if covered is not None and covered.holds(on) else None


def line_span(contract: ContractTerms, starts_on: date | None, ends_on: date | None) -> Span | None:
    """The days that a line has of its own."""
    return Span(starts_on or contract.span.starts_on, ends_on) if starts_on or ends_on else None


def worth_day(contract: ContractTerms, on: date) -> date:
    """The day whose lines in force give the worth of a contract: the last of the term that contains `on`, or that day where the term
    has no end; the first day of a contract that is still to begin, the last of one that has ended.
    """
    if contract.span.starts_on > on:
        return contract.span.starts_on
    term = term_on(contract, on)
    if term is None:
        return last_day(last_end(contract, on))
    return on if term.ends_on is None else last_day(term.ends_on)


def renewal(contract: ContractTerms, term: Span) -> Renewal:
    """Whether a term renews at its end."""
    renews = contract.state is ContractState.ACTIVE and contract.auto_renew and contract.ended_on is None and term.ends_on is not None
    if not renews or term.ends_on is None or _noticed(contract, term.ends_on):
        return Renewal(term.ends_on, False, None)
    return Renewal(term.ends_on, True, _notice_by(contract, term.ends_on))


def line_problem(line: LineTerms, contract: ContractTerms) -> str | None:
    """Why a line does not fit its contract, as a sentence; None if it does."""
    if line.span is not None and line.span.within(contract.span) != Span(line.span.starts_on, line.span.ends_on or contract.span.ends_on):
        return f"line {line.ref} runs {_days(line.span)}, outside contract {contract.ref}, which runs {_days(contract.span)}"
    if line.scope is LineScope.SERIAL:
        return None if line.serial_key and line.quantity == 1 else f"line {line.ref} covers one serial: enter the serial and quantity 1"
    if line.product is None or line.place is None or line.quantity < 1:
        return f"line {line.ref} covers a quantity: enter a product, the {line.scope} and a quantity of at least 1"
    return None


def _days(span: Span) -> str:
    return f"from {in_words(span.starts_on)} " + (f"to {in_words(last_day(span.ends_on))}" if span.ends_on else "with no end date")
