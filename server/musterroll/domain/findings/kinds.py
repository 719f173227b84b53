"""Kinds of findings, and a finding: one disagreement with evidence, worth and owner.

To add a kind: an entry of `FindingKind`; its rule in `unit_rules` or `line_rules`, and the same rule as SQL in the file of that name in
`storage.findings`; and, if it needs further evidence, `usecases.findings.more_evidence`. Pages, API, commands and notifications follow.
"""

from enum import StrEnum
from typing import NamedTuple

from musterroll.domain.findings.evidence import Evidence, Worth


class Severity(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    PENDING = "pending"  # something is still to be delivered
    OPPORTUNITY = "opportunity"  # something to sell


class FindingKind(StrEnum):
    owner: str  # a suggestion
    severity: Severity
    label: str
    meaning: str
    quadrant: str  # contracted, deployed, operating as digits; empty: not the finding of a quadrant

    # The defaults are for mypy, which reads FindingKind("dormant") as a call of this.
    def __new__(
        cls, value: str, owner: str = "", severity: Severity = Severity.LOW, label: str = "", meaning: str = "", quadrant: str = ""
    ) -> "FindingKind":
        kind = str.__new__(cls, value)
        kind._value_ = value
        kind.owner, kind.severity, kind.label, kind.meaning, kind.quadrant = owner, severity, label, meaning, quadrant
        return kind

    PAID_BUT_SILENT = (
        *("paid_but_silent", "support", Severity.HIGH),
        *("Paid but silent", "on contract and deployed, but not reporting", "110"),
    )
    UNDOCUMENTED_MOVE = (
        *("undocumented_move", "operations", Severity.MEDIUM),
        *("Undocumented move", "on contract and operating, but not recorded as deployed", "101"),
    )
    SOLD_NOT_PROVISIONED = (
        *("sold_not_provisioned", "operations", Severity.PENDING),
        *("Sold, not provisioned", "on contract, but neither deployed nor operating", "100"),
    )
    OPERATING_UNCOVERED = (
        *("operating_uncovered", "renewals", Severity.OPPORTUNITY),
        *("Operating uncovered", "deployed and operating without a contract", "011"),
    )
    DORMANT = (
        *("dormant", "renewals", Severity.LOW),
        *("Dormant", "deployed without a contract, and silent", "010"),
    )
    UNKNOWN_OPERATING = (
        *("unknown_operating", "identity", Severity.HIGH),
        *("Unknown operating", "operating, but neither deployed nor on a contract", "001"),
    )
    OVER_QUANTITY = (
        *("over_quantity", "renewals", Severity.OPPORTUNITY),
        *("Over quantity", "more units than the contract line covers"),
    )
    EXPIRED_BUT_OPERATING = (
        *("expired_but_operating", "renewals", Severity.MEDIUM),
        *("Expired but operating", "the contract line has ended, but the unit still operates"),
    )
    OVERDUE_BUT_OPERATING = (
        *("overdue_but_operating", "finance", Severity.MEDIUM),
        *("Overdue but operating", "the invoice is overdue, but the unit still operates"),
    )
    COVERED_TWICE = (
        *("covered_twice", "finance", Severity.MEDIUM),
        *("Covered twice", "several contract lines pay for the same unit"),
    )
    PAID_BY_ANOTHER = (
        *("paid_by_another", "finance", Severity.MEDIUM),
        *("Paid by another account", "the contract of one account pays for a unit at another, which is not below it"),
    )
    RETIRED_BUT_OPERATING = (
        *("retired_but_operating", "operations", Severity.HIGH),
        *("Retired but operating", "recorded as retired, but still operating"),
    )
    WARRANTY_CONFLICT = (
        *("warranty_conflict", "operations", Severity.MEDIUM),
        *("Warranty conflict", "the device and the registry report different warranties"),
    )
    CLONE_CASE = (
        *("clone_case", "identity", Severity.HIGH),
        *("Clone case", "two devices use the same serial or credential"),
    )
    STATE_WENT_BACK = (
        *("state_went_back", "operations", Severity.MEDIUM),
        *("State went back", "the device starts from an older copy of its state"),
    )
    FOREIGN_IDENTITY = (
        *("foreign_identity", "identity", Severity.HIGH),
        *("Other identity", "the device reports a serial or model it was not enrolled with"),
    )
    LINE_WITHOUT_ACCOUNT = (
        *("line_without_account", "operations", Severity.MEDIUM),
        *("Line without account", "the contract has no known account"),
    )


OWNERS = tuple(sorted({kind.owner for kind in FindingKind}))
OF_CELL: dict[str, FindingKind] = {kind.quadrant: kind for kind in FindingKind if kind.quadrant}
ATTACH, LEAK = "attach_opportunity", "leak"  # operating uncovered: still in warranty, or not
VARIANTS = {ATTACH: "attach opportunity", LEAK: "revenue leak"}


class Subject(StrEnum):
    UNIT = "unit"
    LINE = "line"


class FindingKey(NamedTuple):
    """Identifies a finding across runs."""

    kind: FindingKind
    subject: Subject
    id: int


class Finding(NamedTuple):
    """`facts` are what a decision about it rests on: a decision holds until they change."""

    key: FindingKey
    says: str
    facts: tuple[str, ...]
    evidence: tuple[Evidence, ...] = ()
    worth: Worth = Worth()
    variant: str = ""

    @property
    def owner(self) -> str:
        return self.key.kind.owner
