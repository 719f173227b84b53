"""Wording of findings on the pages: a name, what it means, a colour."""

from typing import NamedTuple

from flask import Flask

from musterroll.domain.findings.decisions import State
from musterroll.domain.findings.kinds import OWNERS, Kind
from musterroll.domain.values.money import Money


class Named(NamedTuple):
    name: str
    means: str
    colour: str


KINDS = {
    Kind.PAID_BUT_SILENT: Named("Paid but silent", "on contract and deployed, but not reporting", "stale"),
    Kind.UNDOCUMENTED_MOVE: Named("Undocumented move", "on contract and operating, but not recorded as deployed", "late"),
    Kind.SOLD_NOT_PROVISIONED: Named("Sold, not provisioned", "on contract, but neither deployed nor operating", "held"),
    Kind.OPERATING_UNCOVERED: Named("Operating uncovered", "deployed and operating without a contract", "accent"),
    Kind.DORMANT: Named("Dormant", "deployed without a contract, and silent", "never_heard"),
    Kind.UNKNOWN_OPERATING: Named("Unknown operating", "operating, but neither deployed nor on a contract", "stale"),
    Kind.OVER_QUANTITY: Named("Over quantity", "more units than the contract line covers", "accent"),
    Kind.EXPIRED_BUT_OPERATING: Named("Expired but operating", "the contract line has ended, but the unit still operates", "late"),
    Kind.OVERDUE_BUT_OPERATING: Named("Overdue but operating", "the invoice is overdue, but the unit still operates", "late"),
    Kind.RETIRED_BUT_OPERATING: Named("Retired but operating", "recorded as retired, but still operating", "stale"),
    Kind.WARRANTY_CONFLICT: Named("Warranty conflict", "the device and the registry report different warranties", "late"),
    Kind.CLONE_CASE: Named("Clone case", "two devices use the same serial", "stale"),
    Kind.LINE_WITHOUT_ACCOUNT: Named("Line without account", "the contract has no known account", "late"),
}
STATES = {State.OPEN: "late", State.ACCEPTED: "operating", State.IGNORED: "held", State.RESOLVED: "never_heard"}
STATE_NAMES = {State.OPEN: "Open", State.ACCEPTED: "Confirmed", State.IGNORED: "Snoozed", State.RESOLVED: "Resolved"}
VARIANTS = {"attach_opportunity": "attach opportunity", "leak": "revenue leak"}
EVIDENCE = {"unit": "Unit", "unit_status": "Heartbeats", "line": "Contract", "invoice": "Billing", "card": "Device"}  # by table


def install(app: Flask) -> None:
    app.jinja_env.globals.update(finding_words=KINDS, finding_states=STATES, finding_owners=OWNERS, finding_variants=VARIANTS)
    app.jinja_env.globals.update(state_names=STATE_NAMES, evidence_words=EVIDENCE)
    app.jinja_env.filters.update(amount=amount)


def amount(money: Money) -> str:
    """An amount as pages show it: in whole units where it is large.

    >>> from decimal import Decimal
    >>> amount(Money(Decimal("18240.50"), "EUR")), amount(Money(Decimal("95.5"), "EUR"))
    ('18,240 EUR', '95.50 EUR')
    """
    return f"{money.amount:,.0f} {money.currency}" if money.amount >= 100 else str(money)
