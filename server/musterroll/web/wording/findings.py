"""Wording of findings on the pages: a name, what it means, a colour."""

from typing import NamedTuple

from flask import Flask

from musterroll.domain.findings.decisions import State
from musterroll.domain.findings.kinds import VARIANTS, FindingKind, Severity
from musterroll.domain.values.money import Money


class KindWording(NamedTuple):
    name: str
    means: str
    colour: str
    owner: str


_COLOURS = {
    **{Severity.HIGH: "stale", Severity.MEDIUM: "late", Severity.LOW: "never_heard"},
    **{Severity.PENDING: "held", Severity.OPPORTUNITY: "accent"},
}
KINDS = {kind: KindWording(kind.label, kind.meaning, _COLOURS[kind.severity], kind.owner) for kind in FindingKind}
STATES = {State.OPEN: "late", State.ACCEPTED: "operating", State.IGNORED: "held", State.RESOLVED: "never_heard"}
STATE_NAMES = {State.OPEN: "Open", State.ACCEPTED: "Confirmed", State.IGNORED: "Snoozed", State.RESOLVED: "Resolved"}
EVIDENCE = {"unit": "Unit", "unit_status": "Heartbeats", "line": "Contract", "invoice": "Billing", "card": "Device"}  # by table


def install(app: Flask) -> None:
    app.jinja_env.globals.update(finding_words=KINDS, finding_states=STATES, finding_variants=VARIANTS)
    app.jinja_env.globals.update(state_names=STATE_NAMES, evidence_words=EVIDENCE)
    app.jinja_env.filters.update(amount=amount)


def amount(money: Money) -> str:
    """An amount as pages show it: in whole units where it is large.

    >>> from decimal import Decimal
    >>> amount(Money(Decimal("18240.50"), "EUR")), amount(Money(Decimal("95.5"), "EUR"))
    ('18,240 EUR', '95.50 EUR')
    """
    return f"{money.amount:,.0f} {money.currency}" if money.amount >= 100 else str(money)
