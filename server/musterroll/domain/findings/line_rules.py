"""Findings of a contract line in force: unused seats, units beyond its quantity, a missing account."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from musterroll.domain.contracts.terms import LineScope
from musterroll.domain.coverage.verdict import Cover
from musterroll.domain.findings.evidence import Evidence, Worth, line_evidence, line_fact, price_times
from musterroll.domain.findings.kinds import Finding, FindingKey, FindingKind, Subject

_SHOWN = 20  # units named in the evidence of one line
_LEFT_OVER = " left over"  # behind the number of unused seats


class LineCase(NamedTuple):
    """A line in force, its unused seats, and the units beyond its quantity."""

    cover: Cover
    left_over: int = 0
    over: tuple[int, ...] = ()
    serials: Mapping[int, str] = {}  # of the units beyond its quantity


def line_findings(case: LineCase) -> Iterator[Finding]:
    """All findings of a line in force."""
    line, contract = case.cover.line, case.cover.contract
    if case.left_over:
        worth = price_times(line.price, case.left_over)
        yield _finding(FindingKind.SOLD_NOT_PROVISIONED, case, _left_over(case), f"{case.left_over}{_LEFT_OVER}", worth)
    if case.over:
        count = len(case.over)
        says = f"line {line.ref} covers {_units(line.quantity)}; {count} more exceed{'s' if count == 1 else ''} it"
        worth = price_times(line.price, count)._replace(counted=False)  # each counts as operating uncovered
        names = [(unit, case.serials.get(unit, "a unit")) for unit in case.over[:_SHOWN]]
        units = tuple(Evidence("unit", unit, f"{name} exceeds the quantity of line {line.ref}") for unit, name in names)
        yield _finding(FindingKind.OVER_QUANTITY, case, says, f"{count} over", worth, units)
    if contract.account is None:
        says = f"the contract of line {line.ref} has no account on record"
        yield _finding(
            FindingKind.LINE_WITHOUT_ACCOUNT, case, says, "no account", price_times(line.price, line.quantity)._replace(counted=False)
        )


def unused_seats(facts: str) -> int:
    """The unused seats of a line by the facts of its finding."""
    return int(facts.rpartition("\n")[2].removesuffix(_LEFT_OVER))


def _left_over(case: LineCase) -> str:
    line = case.cover.line
    if line.scope is LineScope.SERIAL:
        return f"line {line.ref} covers serial {line.serial_key}, which is not registered"
    return f"line {line.ref} covers {_units(line.quantity)}, of which {case.left_over} {'is' if case.left_over == 1 else 'are'} unused"


def _units(count: int) -> str:
    return f"{count} unit{'' if count == 1 else 's'}"


def _finding(kind: FindingKind, case: LineCase, says: str, fact: str, worth: Worth, more: tuple[Evidence, ...] = ()) -> Finding:
    key = FindingKey(kind, Subject.LINE, case.cover.line.id)
    return Finding(key, says, (line_fact(case.cover), fact), line_evidence((case.cover,)) + more, worth)
