"""Wording of findings on the pages: a name, what it means, a colour."""

from typing import NamedTuple

from flask import Flask

from musterroll.domain.findings.decisions import FindingState
from musterroll.domain.findings.kinds import VARIANTS, FindingKind, Severity


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
STATES = {FindingState.OPEN: "late", FindingState.ACCEPTED: "operating", FindingState.IGNORED: "held", FindingState.RESOLVED: "never_heard"}
STATE_NAMES = {
    FindingState.OPEN: "Open",
    FindingState.ACCEPTED: "Confirmed",
    FindingState.IGNORED: "Snoozed",
    FindingState.RESOLVED: "Resolved",
}
EVIDENCE = {  # by table
    **{"unit": "Unit", "unit_status": "Heartbeats", "line": "Contract", "invoice": "Billing", "card": "Device", "message": "Device sent"},
    "account": "Account",
}


def install(app: Flask) -> None:
    app.jinja_env.globals.update(finding_words=KINDS, finding_states=STATES, finding_variants=VARIANTS)
    app.jinja_env.globals.update(state_names=STATE_NAMES, evidence_words=EVIDENCE)
