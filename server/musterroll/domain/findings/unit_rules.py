"""Findings of one unit: where records and reports disagree on a day."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from musterroll.domain.contracts.terms import Payment
from musterroll.domain.coverage.verdict import Cover
from musterroll.domain.findings.evidence import (
    Evidence,
    Worth,
    describe_line,
    last_report,
    last_report_fact,
    line_evidence,
    line_fact,
    price_of_cover,
    price_of_seats,
)
from musterroll.domain.findings.kinds import ATTACH, LEAK, OF_CELL, Finding, FindingKey, FindingKind, Subject
from musterroll.domain.liveness import Liveness
from musterroll.domain.messages.identity import Doubt
from musterroll.domain.reconciliation.cells import flags
from musterroll.domain.units.kinds import UnitKind
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.money import Money
from musterroll.domain.warranty.unit_claims import Disagreement

CLONE_FACT = "another device with this serial waits to be let in"  # compared with stored facts: changing it reopens decided findings


OTHER_DOUBTS = {Doubt.WENT_BACK: FindingKind.STATE_WENT_BACK, Doubt.FOREIGN: FindingKind.FOREIGN_IDENTITY}


class DoubtFacts(NamedTuple):
    """One clause, and what a decision rests on."""

    says: str
    facts: str


class UnitCase(NamedTuple):
    """A unit on a day: its axes, its lines in force, the lines that named it and have ended, and other disagreements."""

    unit: int
    serial: str
    lifecycle: Lifecycle
    liveness: Liveness
    heard_at: datetime | None = None
    covers: tuple[Cover, ...] = ()
    ended: tuple[Cover, ...] = ()  # in order of their end
    in_warranty: bool | None = None  # None: unknown
    list_price: Money | None = None  # of cover for its product, per year
    disagreement: Disagreement | None = None
    clone: bool = False  # another device is waiting to enrol with its serial
    doubts: Mapping[Doubt, DoubtFacts] = {}  # which device reports as the unit
    further: Mapping[FindingKind, tuple[Evidence, ...]] = {}  # more evidence by kind
    accounts: tuple[int, ...] = ()  # its account and all above, in this order; empty: none is known
    kind: UnitKind = UnitKind.DEVICE


def unit_findings(case: UnitCase) -> Iterator[Finding]:
    """All findings of a unit: of its quadrant, of operating units, of its reported warranty and of its identity."""
    state = flags(bool(case.covers), case.lifecycle, case.liveness)
    if kind := OF_CELL.get(state.code):
        yield _of_cell(kind, case)
    if state.operating:
        yield from _while_operating(case)
    if len(case.covers) > 1:
        yield _covered_twice(case, state.code)
    if others := tuple(cover for cover in case.covers if case.accounts and cover.contract.account not in (None, *case.accounts)):
        yield _paid_by_another(case, others)
    if case.disagreement:
        worth = Worth(how="no value: a question of dates")
        yield _finding(FindingKind.WARRANTY_CONFLICT, case, case.disagreement.says, (case.disagreement.fact,), worth)
    yield from _of_identity(case)


def _of_identity(case: UnitCase) -> Iterator[Finding]:
    worth = Worth(how="no value: a question of identity")
    copied = case.doubts.get(Doubt.COPIED)
    if case.clone or copied:
        waits = f"another device is waiting to enrol with the serial {case.serial}"
        says = f"several devices report with the credential of {case.serial}: {copied.says}" if copied else waits
        facts = (*((CLONE_FACT,) if case.clone else ()), *((copied.facts,) if copied else ()))
        yield _finding(FindingKind.CLONE_CASE, case, says, facts, worth)
    for doubt, kind in OTHER_DOUBTS.items():
        if other := case.doubts.get(doubt):
            yield _finding(kind, case, f"{case.serial}: {other.says}", (other.facts,), worth)


def _of_cell(kind: FindingKind, case: UnitCase) -> Finding:
    variant = (ATTACH if case.in_warranty else LEAK) if kind is FindingKind.OPERATING_UNCOVERED else ""
    silent = (
        (last_report_fact(case.heard_at, case.liveness is Liveness.UNKNOWN),)
        if kind in (FindingKind.PAID_BUT_SILENT, FindingKind.DORMANT)
        else ()
    )
    facts = (case.lifecycle.value, *(line_fact(cover) for cover in case.covers), *silent, *((variant,) if variant else ()))
    return _finding(kind, case, _says(kind, case), facts, _worth(kind, case), variant)


def _says(kind: FindingKind, case: UnitCase) -> str:
    unit, lifecycle, silent = case.serial, case.lifecycle, last_report(case.heard_at, case.liveness is Liveness.UNKNOWN)
    paid = " and ".join(f"line {cover.line.ref}" for cover in case.covers)
    covers = "covers" if len(case.covers) == 1 else "cover"
    match kind:
        case FindingKind.PAID_BUT_SILENT:
            return f"{paid} {covers} {unit}, which is deployed but {silent}"
        case FindingKind.UNDOCUMENTED_MOVE:
            return f"{unit} is operating under {paid}, but recorded as {lifecycle}"
        case FindingKind.SOLD_NOT_PROVISIONED:
            return f"{paid} {covers} {unit}, which is recorded as {lifecycle} and {silent}"
        case FindingKind.DORMANT:
            return f"{unit} is deployed without a contract and {silent}"
        case FindingKind.UNKNOWN_OPERATING:
            return f"{unit} is operating without a contract, but recorded as {lifecycle}"
        case _:
            warranty = f", and {_WARRANTY[case.in_warranty]}" if case.kind.hardware else ""
            return f"{unit} is deployed and operating without a contract{warranty}"


_WARRANTY = {True: "still in warranty", False: "out of warranty", None: "its warranty is unknown"}


def _worth(kind: FindingKind, case: UnitCase) -> Worth:
    if kind in (FindingKind.PAID_BUT_SILENT, FindingKind.SOLD_NOT_PROVISIONED):
        return price_of_seats(case.covers)
    if kind is FindingKind.OPERATING_UNCOVERED:
        return price_of_cover(case.ended, case.list_price)
    return Worth(how="no value: a record to correct" if kind is not FindingKind.DORMANT else "no value: nothing is billed")


def _while_operating(case: UnitCase) -> Iterator[Finding]:
    if case.ended and not case.covers:
        says = f"{case.serial} is operating, but its cover has ended: {describe_line(case.ended[-1])}"
        facts = tuple(line_fact(cover) for cover in case.ended)
        counted = case.lifecycle is not Lifecycle.DEPLOYED  # a deployed unit is counted as operating uncovered
        yield _finding(FindingKind.EXPIRED_BUT_OPERATING, case, says, facts, price_of_seats(case.ended[-1:])._replace(counted=counted))
    if overdue := tuple(cover for cover in case.covers if cover.billing.payment is Payment.OVERDUE):
        facts = tuple(line_fact(cover) for cover in overdue)
        says = f"{case.serial} is operating while the invoice for " + " and ".join(f"line {c.line.ref}" for c in overdue) + " is overdue"
        yield _finding(FindingKind.OVERDUE_BUT_OPERATING, case, says, facts, price_of_seats(overdue))
    if case.lifecycle is Lifecycle.RETIRED:
        says = f"{case.serial} is recorded as retired, but operating"
        worth = Worth(how="no value: a wrong record, or another unit")
        yield _finding(FindingKind.RETIRED_BUT_OPERATING, case, says, (case.lifecycle.value,), worth)


def _covered_twice(case: UnitCase, cell: str) -> Finding:
    """Its value is what the lines beside the main seat cost; a silent unit's lines and overdue ones are counted elsewhere."""
    seat = max(case.covers, key=lambda cover: cover.line.id)
    worth = price_of_seats(tuple(cover for cover in case.covers if cover is not seat))
    counted = cell not in ("100", "110") and all(cover.billing.payment is not Payment.OVERDUE for cover in case.covers)
    says = f"{case.serial} is covered by " + " and ".join(f"line {cover.line.ref}" for cover in case.covers) + " at the same time"
    facts = tuple(line_fact(cover) for cover in case.covers)
    return _finding(FindingKind.COVERED_TWICE, case, says, facts, worth._replace(counted=counted))


def _paid_by_another(case: UnitCase, covers: tuple[Cover, ...]) -> Finding:
    """Its value belongs to the account that pays; it is in the book once, so it is not counted here."""
    lines = " and ".join(f"line {cover.line.ref}" for cover in covers)
    says = f"{case.serial} is at another account than the one that pays for it by {lines}"
    facts = (*(f"{line_fact(cover)} by {cover.contract.account}" for cover in covers), f"at {case.accounts[0]}")
    return _finding(FindingKind.PAID_BY_ANOTHER, case, says, facts, price_of_seats(covers)._replace(counted=False))


def _finding(kind: FindingKind, case: UnitCase, says: str, facts: tuple[str, ...], worth: Worth, variant: str = "") -> Finding:
    own = (
        Evidence("unit", case.unit, f"{case.serial} is {case.lifecycle}"),
        Evidence("unit_status", case.unit, last_report(case.heard_at, case.liveness is Liveness.UNKNOWN)),
    )
    rows = own + line_evidence(case.covers) + line_evidence(case.ended) + case.further.get(kind, ())
    return Finding(FindingKey(kind, Subject.UNIT, case.unit), says, facts, rows, worth, variant)
