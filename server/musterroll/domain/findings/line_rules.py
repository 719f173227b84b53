"""Where one contract line in force and the units that could use it disagree."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from musterroll.domain.contracts.terms import Scope
from musterroll.domain.coverage.verdict import Cover
from musterroll.domain.findings.evidence import Evidence, Worth, line_fact, of_covers, times
from musterroll.domain.findings.kinds import Finding, Key, Kind, Subject

_SHOWN = 20  # units named in the evidence of one line


class LineCase(NamedTuple):
    """One line in force: how many of its seats nobody uses, and the units that found it full."""

    cover: Cover
    left_over: int = 0
    over: tuple[int, ...] = ()
    serials: Mapping[int, str] = {}  # of the units that found it full


def of_line(case: LineCase) -> Iterator[Finding]:
    """Every finding of one line in force."""
    line, contract = case.cover.line, case.cover.contract
    if case.left_over:
        yield _finding(Kind.SOLD_NOT_PROVISIONED, case, _left_over(case), f"{case.left_over} left over", times(line.price, case.left_over))
    if case.over:
        count = len(case.over)
        says = f"all {line.quantity} of line {line.ref} are in use, and {count} more would need it"
        worth = times(line.price, count)._replace(counted=False)  # each counts as operating uncovered
        names = [(unit, case.serials.get(unit, "a unit")) for unit in case.over[:_SHOWN]]
        units = tuple(Evidence("unit", unit, f"{name} found no seat left on line {line.ref}") for unit, name in names)
        yield _finding(Kind.OVER_QUANTITY, case, says, f"{count} over", worth, units)
    if contract.account is None:
        says = f"the contract of line {line.ref} names no account that is on record"
        yield _finding(Kind.LINE_WITHOUT_ACCOUNT, case, says, "no account", times(line.price, line.quantity)._replace(counted=False))


def _left_over(case: LineCase) -> str:
    line = case.cover.line
    if line.scope is Scope.SERIAL:
        return f"line {line.ref} names the serial {line.serial_key}, which is not on the roll"
    return f"line {line.ref} is for {line.quantity}, of which {case.left_over} are not in use"


def _finding(kind: Kind, case: LineCase, says: str, fact: str, worth: Worth, more: tuple[Evidence, ...] = ()) -> Finding:
    key = Key(kind, Subject.LINE, case.cover.line.id)
    return Finding(key, says, (line_fact(case.cover), fact), of_covers((case.cover,)) + more, worth)
