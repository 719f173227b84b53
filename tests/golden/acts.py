"""What people do in a registry filled for a golden database: one change of each kind, most of which can be undone."""

from datetime import datetime, timedelta
from decimal import Decimal

from musterroll.domain.decisions import State
from musterroll.domain.lifecycle import Lifecycle
from musterroll.domain.liveness import ReportingClass
from musterroll.domain.permission import Role
from musterroll.domain.warranty import Start, StartRule
from musterroll.registry import (
    access,
    access_tokens,
    accounts,
    calendars,
    deciding,
    enrolling,
    moving,
    noting,
    people,
    planning_scenarios,
    products,
    proposing,
    replacing,
    segments,
    ticketing,
    undoing,
    warranting,
)
from musterroll.registry.rolls import FleetFilter
from musterroll.storage.paper_tables import Finding, Incident
from musterroll.storage.tables import Product, Unit
from sqlmodel import Session, col, select

_PERSON = "anna"


def _give_access(session: Session, now: datetime) -> None:
    planner, _ = people.add(session, name=_PERSON, role=Role.PLANNER, within=["A1", "A2"], actor="admin", now=now)
    viewer, _ = people.add(session, name="bert", role=Role.VIEWER, within=None, actor="admin", now=now)
    people.disable(session, viewer, actor="admin", now=now)
    access.open_session(session, planner, now, access.Seat("192.0.2.7", "Firefox on Linux"))
    calendars.make(session, planner.id or 0, now)
    until = now + timedelta(90)
    for label, within in (("ticket system", None), ("old dashboard", ["A1"])):
        token, _ = access_tokens.create(session, label=label, scopes=["read"], expires_at=until, actor="admin", now=now, within=within)
    access_tokens.revoke(session, token.id or 0, now, "admin")
    enrolling.decide(session, enrolling.pending(session)[0].credential_id, True, _PERSON, now)


def _change_terms(session: Session, now: datetime) -> None:
    rules = [StartRule(Start.INSTALLED), StartRule(Start.SHIPPED, 90)]
    products.save_policy(session, None, "Standard", rules, 24, _PERSON, now)
    product = session.exec(select(Product).where(Product.maker == "Acme")).one()
    products.change_product(session, product.id or 0, products.Terms(ReportingClass.SLEEPY, "Standard", Decimal("85.50")), _PERSON, now)
    accounts.put_under(session, "A00002", "A00003", _PERSON, now, "bought")


def _merge(session: Session, now: datetime) -> None:
    """One possible duplicate of each kind is accepted; one more is rejected and the rest wait."""
    proposing.find(session, now)
    for kind in proposing.KINDS:
        for shown in proposing.listed(session, proposing.OPEN, kind)[:1]:
            proposing.accept(session, shown.proposal.id or 0, actor=_PERSON, now=now, reason="one and the same")
    for shown in proposing.listed(session)[:1]:
        proposing.reject(session, shown.proposal.id or 0, actor=_PERSON, now=now, reason="they are two")


def _decide(session: Session, now: datetime) -> None:
    """Findings confirmed, snoozed and resolved."""
    ids = list(session.exec(select(col(Finding.id)).where(col(Finding.present)).order_by(col(Finding.id))))
    deciding.decide(session, ids[:3], State.ACCEPTED, reason="known", actor=_PERSON, now=now)
    deciding.decide(session, ids[3:4], State.IGNORED, reason="after the move", until=now.date() + timedelta(30), actor=_PERSON, now=now)
    deciding.decide(session, ids[4:5], State.RESOLVED, reason="invoiced", actor=_PERSON, now=now)


def _handle_units(session: Session, now: datetime) -> None:
    """A move, a replacement, notes, tickets and warranty."""
    by = {"actor": _PERSON, "now": now}
    first, second, third = session.exec(select(Unit.uid).where(col(Unit.serial).startswith("AC")).order_by(col(Unit.id)).limit(3))
    moving.move_unit(session, first, Lifecycle.DEPLOYED, site="S1", reason="the customer moved", **by)
    replacing.replace(session, second, third, reason="broken", **by)
    noting.note(session, first, "Behind the second door.\nAsk for the key.", **by)
    ticketing.open_incident(session, third, "no signal", **by)
    newest = session.exec(select(Incident.ref).order_by(col(Incident.id).desc())).first()
    ticketing.close_incident(session, third, newest or "", **by)
    warranting.extend(session, first, 12, "order 7", _PERSON, now)
    warranting.repair(session, third, now.date() - timedelta(20), 3, "delivery note 9", _PERSON, now)
    period = warranting.periods(session, first)[0]
    warranting.void_of(session, first, period.id or 0, now.date() - timedelta(9), "opened by hand", _PERSON, now)


def _plan(session: Session, now: datetime) -> None:
    planning_scenarios.save(session, "Cold winter", {"incident_rate": 130.0}, note="as in 2024", actor=_PERSON, now=now)
    planning_scenarios.save(session, "Cold winter", {"incident_rate": 140.0}, actor=_PERSON, now=now)
    segments.save(session, "Silent at Umber", FleetFilter(account="A1", operating=False), _PERSON, now)


def _undo(session: Session, now: datetime) -> None:
    """A note is undone, and another one undone and brought back."""
    uid = session.exec(select(Unit.uid).order_by(col(Unit.id))).first() or ""
    for times in (1, 2):
        change = noting.note(session, uid, f"Undone {times} times", actor=_PERSON, now=now)
        for _ in range(times):
            change = undoing.undo(session, change.id or 0, _PERSON, now, "written by mistake")


ACTS = (_give_access, _change_terms, _merge, _decide, _handle_units, _plan, _undo)
