"""The coverage verdict: is a unit covered on a day, by what, until when and why. Computed on request, never stored."""

from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from musterroll.domain.contracts.terms import Billing, ContractState, ContractTerms, LineTerms, Payment, line_in_force, renewal
from musterroll.domain.values.dates import Span, held_until, in_words, last_day, next_change
from musterroll.domain.warranty.periods import CoveragePeriod, in_warranty


class CoverageAnswer(StrEnum):
    WARRANTY = "warranty"
    CONTRACT = "contract"
    BOTH = "both"
    NONE = "none"
    UNKNOWN = "unknown"


class Cover(NamedTuple):
    """A line that covers or names a unit, with its contract and billing."""

    line: LineTerms
    contract: ContractTerms
    billing: Billing = Billing()


class UnitRecords(NamedTuple):
    """All records about a unit. `*_missing`: what is unknown, so that the absence of a record does not mean no coverage."""

    periods: tuple[CoveragePeriod, ...] = ()
    covers: tuple[Cover, ...] = ()  # lines allocated to it, and those that name it, in force or not
    warranty_missing: tuple[str, ...] = ()
    contract_missing: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()  # further sentences, such as what the device reports
    hardware: bool = True  # whether it can have a warranty


def place_missing(account: int | None, site: int | None) -> tuple[str, ...]:
    """What is missing about a unit's place to rule out that a contract quantity covers it."""
    return ("its account",) if account is None and site is None else ()


class CoverageVerdict(NamedTuple):
    """`last_covered_day`: None without coverage or without an end. `next_change`: None if nothing changes by itself."""

    answer: CoverageAnswer
    on: date
    periods: tuple[CoveragePeriod, ...]
    covers: tuple[Cover, ...]
    last_covered_day: date | None
    next_change: date | None
    reasons: tuple[str, ...]
    missing: tuple[str, ...]


def coverage_verdict(records: UnitRecords, on: date) -> CoverageVerdict:
    """The coverage of a unit on a day, in the time zone of its site."""
    periods = in_warranty(records.periods, on)
    covers = tuple(cover for cover in records.covers if line_in_force(cover.line, cover.contract, on) is not None)
    missing = _missing(records, bool(periods), bool(covers))
    spans = [span for p in records.periods if (span := p.covers)] + [span for c in records.covers if (span := _span(c, on))]
    until = held_until(spans, on)
    return CoverageVerdict(
        _answer(bool(periods), bool(covers), bool(missing)),
        on,
        periods,
        covers,
        last_day(until) if (periods or covers) and until is not None else None,
        next_change(spans, on),
        ((*_warranty_reasons(records.periods, on), *_contract_reasons(records.covers, on)) or _nothing(records)) + records.beside,
        missing,
    )


def _answer(warranty: bool, contract: bool, missing: bool) -> CoverageAnswer:
    if warranty and contract:
        return CoverageAnswer.BOTH
    if warranty or contract:
        return CoverageAnswer.WARRANTY if warranty else CoverageAnswer.CONTRACT
    return CoverageAnswer.UNKNOWN if missing else CoverageAnswer.NONE


def _missing(records: UnitRecords, warranty: bool, contract: bool) -> tuple[str, ...]:
    of_warranty = [f"warranty unknown: {what} is not on record" for what in records.warranty_missing if not warranty]
    of_contract = [f"contract coverage unknown: {what} is not on record" for what in records.contract_missing if not contract]
    return (*of_warranty, *of_contract)


def _span(cover: Cover, on: date) -> Span | None:
    """The days a line covers: around `on`, or around its first day if that is later."""
    first = max(cover.contract.span.starts_on, cover.line.span.starts_on if cover.line.span else date.min)
    return line_in_force(cover.line, cover.contract, max(on, first))


def _warranty_reasons(periods: Iterable[CoveragePeriod], on: date) -> Iterator[str]:
    for period in sorted(periods, key=lambda p: p.span.order):
        name = f"{period.kind.title()} warranty ({period.evidence})"
        if period.voided_on is not None and period.voided_on <= on:
            yield f"{name} was voided on {in_words(period.voided_on)}: {period.void_reason}."
        elif on < period.span.starts_on:
            yield f"{name} starts on {in_words(period.span.starts_on)}."
        else:
            yield f"{name} {_until(period.span, on)}."


def _contract_reasons(covers: Iterable[Cover], on: date) -> Iterator[str]:
    for cover in sorted(covers, key=lambda c: c.line.ref):
        name = f"Contract line {cover.line.ref}" + (f" ({cover.line.service})" if cover.line.service else "")
        span = line_in_force(cover.line, cover.contract, on)
        yield f"{name} {_out_of_force(cover, on) if span is None else _until(span, on)}."
        if span is not None:
            yield from _beside(cover, span)


def _until(span: Span, on: date) -> str:
    if span.ends_on is None:
        return "covers the unit, no end date"
    return f"{'covers the unit until' if on < span.ends_on else 'ended on'} {in_words(last_day(span.ends_on))}"


def _out_of_force(cover: Cover, on: date) -> str:
    state, span = cover.contract.state, _span(cover, on)
    if state is ContractState.DRAFT:
        return "is not in force: the contract is a draft"
    if state is ContractState.CANCELLED:
        return "is not in force: the contract was cancelled"
    if span is not None and on < span.starts_on:
        return f"starts on {in_words(span.starts_on)}"
    ends = [s.ends_on for s in (cover.line.span, cover.contract.span) if s and s.ends_on]
    return f"ended on {in_words(last_day(min(ends)))}" if ends else "is not in force: the contract has expired"


def _beside(cover: Cover, span: Span) -> Iterator[str]:
    """Notes on a line in force, on renewal and an unpaid invoice. Neither ends the coverage."""
    ends = renewal(cover.contract, span)
    if ends.renews and ends.notice_by is not None:
        yield f"Auto-renews unless notice is given by {in_words(ends.notice_by)}."
    if cover.billing.payment in (Payment.OVERDUE, Payment.VOID):
        yield f"The last invoice is {cover.billing.payment}; the unit is still covered."


def _nothing(records: UnitRecords) -> tuple[str, ...]:
    if records.warranty_missing or records.contract_missing:
        return ()
    return ("No warranty or contract line on record." if records.hardware else "No contract line on record.",)
