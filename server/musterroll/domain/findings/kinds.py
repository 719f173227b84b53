"""Findings: one disagreement each, with evidence, worth and owner. `unit_findings` and `line_findings` have the rules that make them."""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from musterroll.domain.findings.evidence import Evidence, Worth
from musterroll.domain.values.money import Money, totals


class Kind(StrEnum):
    PAID_BUT_SILENT = "paid_but_silent"
    UNDOCUMENTED_MOVE = "undocumented_move"
    SOLD_NOT_PROVISIONED = "sold_not_provisioned"
    OPERATING_UNCOVERED = "operating_uncovered"
    DORMANT = "dormant"
    UNKNOWN_OPERATING = "unknown_operating"
    OVER_QUANTITY = "over_quantity"
    EXPIRED_BUT_OPERATING = "expired_but_operating"
    OVERDUE_BUT_OPERATING = "overdue_but_operating"
    RETIRED_BUT_OPERATING = "retired_but_operating"
    WARRANTY_CONFLICT = "warranty_conflict"
    CLONE_CASE = "clone_case"
    LINE_WITHOUT_ACCOUNT = "line_without_account"


OWNERS: dict[Kind, str] = {
    Kind.PAID_BUT_SILENT: "support",
    Kind.UNDOCUMENTED_MOVE: "operations",
    Kind.SOLD_NOT_PROVISIONED: "operations",
    Kind.OPERATING_UNCOVERED: "renewals",
    Kind.DORMANT: "renewals",
    Kind.UNKNOWN_OPERATING: "identity",
    Kind.OVER_QUANTITY: "renewals",
    Kind.EXPIRED_BUT_OPERATING: "renewals",
    Kind.OVERDUE_BUT_OPERATING: "finance",
    Kind.RETIRED_BUT_OPERATING: "operations",
    Kind.WARRANTY_CONFLICT: "operations",
    Kind.CLONE_CASE: "identity",
    Kind.LINE_WITHOUT_ACCOUNT: "operations",
}
OF_CELL: dict[str, Kind] = {
    "110": Kind.PAID_BUT_SILENT,
    "101": Kind.UNDOCUMENTED_MOVE,
    "100": Kind.SOLD_NOT_PROVISIONED,
    "011": Kind.OPERATING_UNCOVERED,
    "010": Kind.DORMANT,
    "001": Kind.UNKNOWN_OPERATING,
}
ATTACH, LEAK = "attach_opportunity", "leak"  # operating uncovered: still in warranty, or not


class Subject(StrEnum):
    UNIT = "unit"
    LINE = "line"


class Key(NamedTuple):
    """What makes two runs speak of the same finding."""

    kind: Kind
    subject: Subject
    id: int


class Finding(NamedTuple):
    """`facts` are what a decision about it rests on: while they stay the same, so does the decision."""

    key: Key
    says: str
    facts: tuple[str, ...]
    evidence: tuple[Evidence, ...] = ()
    worth: Worth = Worth()
    variant: str = ""

    @property
    def owner(self) -> str:
        """Whose work it is, as a suggestion."""
        return OWNERS[self.key.kind]


def by_kind(findings: Iterable[Finding]) -> dict[Kind, int]:
    """How many there are of every kind, kinds without any too."""
    counted = Counter(finding.key.kind for finding in findings)
    return {kind: counted[kind] for kind in Kind}


def worth(findings: Iterable[Finding]) -> tuple[Money, ...]:
    """What findings are worth together, one sum a currency, the same money never twice."""
    return totals(finding.worth.value for finding in findings if finding.worth.counted)
