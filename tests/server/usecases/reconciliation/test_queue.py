"""What each audited change puts in the queue is enough: a run of what is due comes to the same as a whole run from scratch."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from musterroll.domain.liveness import ReportingClass
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.warranty.periods import StartRule, WarrantyStart
from musterroll.storage.audit import changes as audit_changes
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.findings import FindingRow
from musterroll.storage.tables.reconciliation import CellCount, UnitReconciliation
from musterroll.storage.tables.warranty import WarrantyPolicy
from musterroll.usecases.matching import proposals as matching_proposals
from musterroll.usecases.reconciliation import run as reconciliation_run
from musterroll.usecases.undo.undo import undo
from musterroll.usecases.units import incidents, notes
from musterroll.usecases.units import move as unit_move
from musterroll.usecases.warranty import products
from musterroll.usecases.warranty.products import ProductSettings
from sqlmodel import Session, select

from tests.support.acts import ACTS, NEWS, fleet, merge, unit
from tests.support.documents import FLEET, take


def change_product(session: Session, now: datetime) -> None:
    pump = unit(session, "SN1002").product_id
    products.save_policy(session, None, "Shelf", [StartRule(WarrantyStart.SHIPPED, 30)], 60, "anna", now)
    products.change_product(session, pump, ProductSettings(ReportingClass.SLEEPY, "Shelf", Decimal("120.50"), "EUR"), "anna", now)


def change_policy(session: Session, now: datetime) -> None:
    change_product(session, now)
    policy = session.exec(select(WarrantyPolicy).where(WarrantyPolicy.name == "Shelf")).one()
    products.save_policy(session, policy.id, "Shelf", [StartRule(WarrantyStart.INSTALLED)], 12, "anna", now)


def name_unit(session: Session, now: datetime) -> None:
    matching_proposals.find_matches(session, now)
    merge(session, now, matching_proposals.LINE_SERIAL)


def stock(session: Session, now: datetime) -> None:
    unit_move.move_unit(session, unit(session, "SN1001").uid, Lifecycle.RETURNED, actor="anna", now=now)
    unit_move.move_unit(session, unit(session, "SN1001").uid, Lifecycle.STOCK, actor="anna", now=now)


def note(session: Session, now: datetime) -> None:
    notes.note(session, unit(session, "SN1001").uid, "Ask for the key.", actor="anna", now=now)
    incidents.open_incident(session, unit(session, "SN1001").uid, "no signal", actor="anna", now=now)


MORE: dict[str, Callable[[Session, datetime], object]] = {
    "product": change_product,
    "policy": change_policy,
    "return to stock": stock,
    "note and incident": note,
}
TYPO = {
    "contracts": "Contract Number,Account ID,Start Date,End Date,Status\nC5,A2,2026-01-01,2027-01-01,Active\n",
    "contract-lines": "Contract Number,Line,Serial Number,Model,Site ID,Quantity\nC5,1,SN1OO2,Pump 3,S2,1\n",
}


def stored(session: Session) -> dict[str, object]:
    """What runs keep."""
    session.expire_all()
    f, r, c = FindingRow, UnitReconciliation, CellCount
    findings = select(f.kind, f.subject, f.subject_id, f.facts, f.variant, f.account_id, f.value, f.currency, f.counted)  # type: ignore[call-overload]
    units = select(r.unit_id, r.account_id, r.site_id, r.product_id, r.cell, r.line_id)  # type: ignore[call-overload]
    return {
        "findings": session.exec(findings.where(f.present).order_by(f.subject, f.subject_id, f.kind)).all(),
        "units": session.exec(units.order_by(r.unit_id)).all(),
        "counts": session.exec(select(c.axis, c.of_id, c.cell, c.units).where(c.units != 0).order_by(c.axis, c.of_id, c.cell)).all(),
    }


def check(database: Database, now: datetime, steps: list[Callable[[Session], object]]) -> None:
    """Take each step, work the queue off, and compare with a whole run, which must find nothing left to change."""
    for step in steps:
        with database.transaction() as session:
            step(session)
        with database.transaction() as session:
            while products.apply_pending(session, now):
                session.expire_all()
        with database.transaction() as session:
            reconciliation_run.tick(session, now)
            kept = stored(session)
            reconciliation_run.reconcile(session, now, now, store=True)
            assert stored(session) == kept


def undo_last(session: Session, now: datetime) -> None:
    undo(session, audit_changes.newest(session).id or 0, "bert", now)


@pytest.mark.parametrize("name", [*ACTS, *MORE])
def test_an_act_and_its_undo(database: Database, now: datetime, name: str) -> None:
    act = {**ACTS, **MORE}[name]
    fleet(database, now)
    check(database, now, [lambda session: act(session, now), *[lambda session: undo_last(session, now)] * 2])


def test_a_line_that_is_given_a_unit(database: Database, now: datetime) -> None:
    fleet(database, now)
    for kind, content in TYPO.items():
        take(database, now, kind, content)
    check(database, now, [lambda session: name_unit(session, now), lambda session: undo_last(session, now)])


def test_units_that_came_alone(database: Database, now: datetime) -> None:
    fleet(database, now)
    head = FLEET["units"].partition("\n")[0]
    take(database, now, "units", f"{head}\nSN1008,Acme,Pump 3,2025-01-05,2025-02-15,Installed,A2,S2,36\n")
    undos: list[Callable[[Session], object]] = [lambda session: undo_last(session, now)] * 2
    check(database, now, [lambda session: None, *undos])


@pytest.mark.parametrize("kind", FLEET)
def test_an_import_and_its_undo(database: Database, now: datetime, kind: str) -> None:
    fleet(database, now)
    take(database, now, kind, NEWS[kind])
    undos: list[Callable[[Session], object]] = [lambda session: undo_last(session, now)] * 2
    check(database, now, [lambda session: None, *undos])
