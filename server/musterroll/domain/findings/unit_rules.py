"""Where the paper and the voice of one unit disagree on one day."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from musterroll.domain.contracts.terms import Payment
from musterroll.domain.coverage.verdict import Cover
from musterroll.domain.findings.evidence import (
    Evidence,
    Worth,
    heard,
    heard_fact,
    line_fact,
    line_says,
    of_covers,
    price_of,
    price_of_cover,
)
from musterroll.domain.findings.kinds import ATTACH, LEAK, OF_CELL, Finding, Key, Kind, Subject
from musterroll.domain.liveness import Liveness
from musterroll.domain.reconciliation.cells import flags
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.money import Money
from musterroll.domain.warranty.unit_claims import Disagreement


class UnitCase(NamedTuple):
    """One unit on one day: its axes, the lines in force it is on, the lines that named it and have ended, and what else is odd."""

    unit: int
    serial: str
    lifecycle: Lifecycle
    liveness: Liveness
    heard_at: datetime | None = None
    covers: tuple[Cover, ...] = ()
    ended: tuple[Cover, ...] = ()  # by their end, last one last
    in_warranty: bool | None = None  # None: cannot tell
    list_price: Money | None = None  # of a year's cover of its product
    disagreement: Disagreement | None = None
    clone: str = ""  # what makes it a clone case, in words that stay the same
    further: Mapping[Kind, tuple[Evidence, ...]] = {}  # rows that prove findings of a kind beside unit, voice and lines


def of_unit(case: UnitCase) -> Iterator[Finding]:
    """Every finding of one unit: that of its cell, those it makes by operating, and those of its identity and its card."""
    state = flags(bool(case.covers), case.lifecycle, case.liveness)
    if kind := OF_CELL.get(state.code):
        yield _of_cell(kind, case)
    if state.operating:
        yield from _while_operating(case)
    if case.disagreement:
        says = case.disagreement.says
        yield _finding(Kind.WARRANTY_CONFLICT, case, says, (says,), Worth(how="a matter of days, not of money"))
    if case.clone:
        yield _finding(Kind.CLONE_CASE, case, case.clone, (case.clone,), Worth(how="a person must tell which unit is which"))


def _of_cell(kind: Kind, case: UnitCase) -> Finding:
    variant = (ATTACH if case.in_warranty else LEAK) if kind is Kind.OPERATING_UNCOVERED else ""
    silent = (heard_fact(case.heard_at),) if kind in (Kind.PAID_BUT_SILENT, Kind.DORMANT) else ()
    facts = (case.lifecycle.value, *(line_fact(cover) for cover in case.covers), *silent, *((variant,) if variant else ()))
    return _finding(kind, case, _says(kind, case), facts, _worth(kind, case), variant)


def _says(kind: Kind, case: UnitCase) -> str:
    unit, lifecycle, silent = case.serial, case.lifecycle, heard(case.heard_at)
    paid = " and ".join(f"line {cover.line.ref}" for cover in case.covers)
    match kind:
        case Kind.PAID_BUT_SILENT:
            return f"{paid} pays for {unit}, which is deployed and was {silent}"
        case Kind.UNDOCUMENTED_MOVE:
            return f"{unit} is operating under {paid}, but on record it is {lifecycle}"
        case Kind.SOLD_NOT_PROVISIONED:
            return f"{paid} pays for {unit}, which on record is {lifecycle} and was {silent}"
        case Kind.DORMANT:
            return f"{unit} is deployed without a contract and was {silent}"
        case Kind.UNKNOWN_OPERATING:
            return f"{unit} is operating without a contract, but on record it is {lifecycle}"
        case _:
            return f"{unit} is deployed and operating without a contract, and {_WARRANTY[case.in_warranty]}"


_WARRANTY = {True: "still in warranty", False: "not in warranty either", None: "nobody can tell whether it is in warranty"}


def _worth(kind: Kind, case: UnitCase) -> Worth:
    if kind in (Kind.PAID_BUT_SILENT, Kind.SOLD_NOT_PROVISIONED):
        return price_of(case.covers)
    if kind is Kind.OPERATING_UNCOVERED:
        return price_of_cover(case.ended, case.list_price)
    return Worth(how="a record to put right" if kind is not Kind.DORMANT else "nothing is lost until somebody wants it back")


def _while_operating(case: UnitCase) -> Iterator[Finding]:
    if case.ended and not case.covers:
        says = f"{case.serial} is operating, but its {line_says(case.ended[-1])}, covers it no more"
        facts = tuple(line_fact(cover) for cover in case.ended)
        counted = case.lifecycle is not Lifecycle.DEPLOYED  # a deployed one counts as operating uncovered
        yield _finding(Kind.EXPIRED_BUT_OPERATING, case, says, facts, price_of(case.ended[-1:])._replace(counted=counted))
    if overdue := tuple(cover for cover in case.covers if cover.billing.payment is Payment.OVERDUE):
        facts = tuple(line_fact(cover) for cover in overdue)
        says = f"{case.serial} is operating while the bill of " + " and ".join(f"line {c.line.ref}" for c in overdue) + " is overdue"
        yield _finding(Kind.OVERDUE_BUT_OPERATING, case, says, facts, price_of(overdue))
    if case.lifecycle is Lifecycle.RETIRED:
        says = f"{case.serial} is retired on record, and operating"
        yield _finding(Kind.RETIRED_BUT_OPERATING, case, says, (case.lifecycle.value,), Worth(how="a wrong record, or another unit"))


def _finding(kind: Kind, case: UnitCase, says: str, facts: tuple[str, ...], worth: Worth, variant: str = "") -> Finding:
    own = Evidence("unit", case.unit, f"{case.serial} is {case.lifecycle}"), Evidence("voice", case.unit, heard(case.heard_at))
    rows = own + of_covers(case.covers) + of_covers(case.ended) + case.further.get(kind, ())
    return Finding(Key(kind, Subject.UNIT, case.unit), says, facts, rows, worth, variant)
