"""What people do in a registry filled for a golden database: one change of each kind, most of which can be undone."""

from datetime import datetime, timedelta
from decimal import Decimal

from musterroll.domain.access import Role
from musterroll.domain.findings.decisions import FindingState
from musterroll.domain.liveness import ReportingClass
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.warranty.periods import StartRule, WarrantyStart
from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.findings import FindingRow
from musterroll.storage.tables.units import Incident, Unit
from musterroll.usecases.access import api_tokens
from musterroll.usecases.access import sessions as access_sessions
from musterroll.usecases.access import users as access_users
from musterroll.usecases.accounts import hierarchy
from musterroll.usecases.capacity import scenarios as capacity_scenarios
from musterroll.usecases.enrolment import enrol
from musterroll.usecases.findings import decisions as finding_decisions
from musterroll.usecases.fleet import segments as fleet_segments
from musterroll.usecases.fleet.pages import FleetFilter
from musterroll.usecases.matching import proposals as matching_proposals
from musterroll.usecases.notifications import calendar as notification_calendar
from musterroll.usecases.undo import undo as undo_changes
from musterroll.usecases.units import incidents, notes
from musterroll.usecases.units import move as unit_move
from musterroll.usecases.units import replace as unit_replace
from musterroll.usecases.warranty import periods as warranty_periods
from musterroll.usecases.warranty import products
from sqlmodel import Session, col, select

_PERSON = "anna"


def _give_access(session: Session, now: datetime) -> None:
    planner, _ = access_users.add(session, name=_PERSON, role=Role.PLANNER, within=["A1", "A2"], actor="admin", now=now)
    viewer, _ = access_users.add(session, name="bert", role=Role.VIEWER, within=None, actor="admin", now=now)
    access_users.disable(session, viewer, actor="admin", now=now)
    access_sessions.open_session(session, planner, now, access_sessions.ClientInfo("192.0.2.7", "Firefox on Linux"))
    notification_calendar.create_feed(session, planner.id or 0, now)
    until = now + timedelta(90)
    for label, within in (("ticket system", None), ("old dashboard", ["A1"])):
        token, _ = api_tokens.create(session, label=label, scopes=["read"], expires_at=until, actor="admin", now=now, within=within)
    api_tokens.revoke(session, token.id or 0, now, "admin")
    enrol.decide(session, enrol.pending(session)[0].credential_id, True, _PERSON, now)


def _change_terms(session: Session, now: datetime) -> None:
    rules = [StartRule(WarrantyStart.INSTALLED), StartRule(WarrantyStart.SHIPPED, 90)]
    products.save_policy(session, None, "Standard", rules, 24, _PERSON, now)
    product = session.exec(select(Product).where(Product.maker == "Acme", Product.model == "Pump 3")).one()
    products.change_product(
        session, product.id or 0, products.ProductSettings(ReportingClass.SLEEPY, "Standard", Decimal("85.50"), "EUR"), _PERSON, now
    )
    hierarchy.set_parent(session, "A00002", "A00003", _PERSON, now, "bought")


def _merge(session: Session, now: datetime) -> None:
    """One possible duplicate of each kind is accepted; one more is rejected and the rest wait."""
    matching_proposals.find_matches(session, now)
    for kind in matching_proposals.KINDS:
        for shown in matching_proposals.page(session, matching_proposals.OPEN, kind, limit=1)[0]:
            matching_proposals.accept(session, shown.proposal.id or 0, actor=_PERSON, now=now, reason="one and the same")
    for shown in matching_proposals.page(session, limit=1)[0]:
        matching_proposals.reject(session, shown.proposal.id or 0, actor=_PERSON, now=now, reason="they are two")


def _decide(session: Session, now: datetime) -> None:
    """Findings confirmed, snoozed and resolved."""
    ids = list(session.exec(select(col(FindingRow.id)).where(col(FindingRow.present)).order_by(col(FindingRow.id))))
    finding_decisions.decide(session, ids[:3], FindingState.ACCEPTED, reason="known", actor=_PERSON, now=now)
    finding_decisions.decide(
        session, ids[3:4], FindingState.IGNORED, reason="after the move", until=now.date() + timedelta(30), actor=_PERSON, now=now
    )
    finding_decisions.decide(session, ids[4:5], FindingState.RESOLVED, reason="invoiced", actor=_PERSON, now=now)


def _handle_units(session: Session, now: datetime) -> None:
    """A move, a replacement, notes, tickets and warranty."""
    by = {"actor": _PERSON, "now": now}
    first, second, third = session.exec(select(Unit.uid).where(col(Unit.serial).startswith("AC")).order_by(col(Unit.id)).limit(3))
    unit_move.move_unit(session, first, Lifecycle.DEPLOYED, site="S1", reason="the customer moved", **by)
    unit_replace.replace(session, second, third, reason="broken", **by)
    notes.note(session, first, "Behind the second door.\nAsk for the key.", **by)
    incidents.open_incident(session, third, "no signal", **by)
    newest = session.exec(select(Incident.ref).order_by(col(Incident.id).desc())).first()
    incidents.close_incident(session, third, newest or "", **by)
    warranty_periods.extend(session, first, 12, "order 7", _PERSON, now)
    warranty_periods.repair(session, third, now.date() - timedelta(20), 3, "delivery note 9", _PERSON, now)
    period = warranty_periods.periods(session, first)[0]
    warranty_periods.void_of(session, first, period.id or 0, now.date() - timedelta(9), "opened by hand", _PERSON, now)


def _plan(session: Session, now: datetime) -> None:
    capacity_scenarios.save(session, "Cold winter", {"incident_rate": 130.0}, note="as in 2024", actor=_PERSON, now=now)
    capacity_scenarios.save(session, "Cold winter", {"incident_rate": 140.0}, actor=_PERSON, now=now)
    fleet_segments.save(session, "Silent at Umber", FleetFilter(account="A1", operating=False), _PERSON, now)


def _undo(session: Session, now: datetime) -> None:
    """A note is undone, and another one undone and brought back."""
    uid = session.exec(select(Unit.uid).order_by(col(Unit.id))).first() or ""
    for times in (1, 2):
        change = notes.note(session, uid, f"Undone {times} times", actor=_PERSON, now=now)
        for _ in range(times):
            change = undo_changes.undo(session, change.id or 0, _PERSON, now, "written by mistake")


ACTS = (_give_access, _change_terms, _merge, _decide, _handle_units, _plan, _undo)
