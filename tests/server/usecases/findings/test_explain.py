"""Every kind of finding, traced from its value to its evidence to the row of the document that it came from."""

from datetime import datetime

import pytest
from musterroll.domain.findings.kinds import FindingKind
from musterroll.domain.messages.identity import Doubt
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.enrolment import Credential, CredentialStatus
from musterroll.storage.tables.identity import IdentityCase
from musterroll.storage.tables.units import Unit
from musterroll.usecases.findings import decisions as finding_decisions
from musterroll.usecases.findings.decisions import FindingDetail, FindingFilter
from musterroll.usecases.reconciliation import run as reconciliation_run
from sqlmodel import Session, select

from tests.support.documents import outcomes, take

FLEET = {
    "accounts": "Account ID,Account Name\nA1,Umber\nA2,Ochre\n",
    "units": (
        "Serial Number,Manufacturer,Model,Install Date,Status,Account ID,Warranty Months\n"
        "SILENT1,Acme,Pump,2020-02-15,Installed,A1,12\n"
        "MOVED1,Acme,Pump,,In Stock,,\n"
        "SOLD1,Acme,Pump,,In Stock,,\n"
        "OPEN1,Acme,Pump,2026-02-15,Installed,A1,36\n"
        "DORM1,Acme,Pump,2020-02-15,Installed,A1,12\n"
        "UNKN1,Acme,Pump,,In Stock,,\n"
        "ENDED1,Acme,Pump,2020-02-15,Installed,A1,12\n"
        "DUE1,Acme,Pump,2020-02-15,Installed,A1,12\n"
        "RETD1,Acme,Pump,2020-02-15,Retired,A1,12\n"
        "TWICE1,Acme,Pump,2020-02-15,Installed,A1,12\n"
        "SEAT1,Acme,Valve,2020-02-15,Installed,A1,12\n"
        "SEAT2,Acme,Valve,2020-02-16,Installed,A1,12\n"
        "ELSE1,Acme,Pump,2020-02-15,Installed,A1,12\n"
    ),
    "contracts": (
        "Contract Number,Account ID,Start Date,End Date,Status,Currency\n"
        "C1,A1,2026-01-01,2028-12-31,Active,EUR\nC2,A1,2024-01-01,2025-12-31,Active,EUR\nC3,A1,2026-01-01,2028-12-31,Active,EUR\n"
        "C4,,2026-01-01,2028-12-31,Active,USD\nC5,A2,2026-01-01,2028-12-31,Active,EUR\n"
    ),
    "contract-lines": (
        "Contract Number,Line,Serial Number,Model,Account ID,Quantity,Price Per Year\n"
        "C1,1,SILENT1,Pump,,1,120.50\nC1,2,MOVED1,Pump,,1,40\nC1,3,SOLD1,Pump,,1,55.25\nC2,1,ENDED1,Pump,,1,75\nC3,1,DUE1,Pump,,1,99\n"
        "C1,4,,Valve,A1,1,10\nC1,5,NOBODY7,Pump,,1,33\nC4,1,OPEN7,Pump,,1,20\n"
        "C1,6,TWICE1,Pump,,1,15\nC1,7,TWICE1,Pump,,1,25\nC5,1,ELSE1,Pump,,1,64\n"
    ),
    "billing": "Contract Number,Payment State,Last Invoice Date\nC1,paid,2026-10-01\nC3,overdue,2026-10-02\n",
    "telemetry": "serial,first_seen,last_seen\n"
    + "".join(
        f"{serial},2025-02-15T09:00:00Z,2026-11-01T11:59:30Z\n"
        for serial in ("MOVED1", "OPEN1", "UNKN1", "ENDED1", "DUE1", "RETD1", "SEAT1", "SEAT2", "TWICE1", "ELSE1")
    )
    + "SILENT1,2025-02-15T09:00:00Z,2026-10-01T03:00:00Z\n",
}
# The kind, what it is about, what it is worth a year.
EXPECTED = {
    (FindingKind.PAID_BUT_SILENT, "SILENT1", "120.50 EUR"),
    (FindingKind.UNDOCUMENTED_MOVE, "MOVED1", None),
    (FindingKind.SOLD_NOT_PROVISIONED, "SOLD1", "55.25 EUR"),
    (FindingKind.SOLD_NOT_PROVISIONED, "C1/5", "33.00 EUR"),
    (FindingKind.SOLD_NOT_PROVISIONED, "C4/1", "20.00 USD"),
    (FindingKind.OPERATING_UNCOVERED, "OPEN1", None),
    (FindingKind.OPERATING_UNCOVERED, "ENDED1", "75.00 EUR"),
    (FindingKind.OPERATING_UNCOVERED, "SEAT2", None),
    (FindingKind.DORMANT, "DORM1", None),
    (FindingKind.UNKNOWN_OPERATING, "UNKN1", None),
    (FindingKind.UNKNOWN_OPERATING, "RETD1", None),
    (FindingKind.EXPIRED_BUT_OPERATING, "ENDED1", "75.00 EUR"),
    (FindingKind.OVERDUE_BUT_OPERATING, "DUE1", "99.00 EUR"),
    (FindingKind.COVERED_TWICE, "TWICE1", "15.00 EUR"),
    (FindingKind.PAID_BY_ANOTHER, "ELSE1", "64.00 EUR"),
    (FindingKind.RETIRED_BUT_OPERATING, "RETD1", None),
    (FindingKind.OVER_QUANTITY, "C1/4", "10.00 EUR"),
    (FindingKind.LINE_WITHOUT_ACCOUNT, "C4/1", "20.00 USD"),
    (FindingKind.WARRANTY_CONFLICT, "OPEN1", None),
    (FindingKind.CLONE_CASE, "DUE1", None),
    (FindingKind.CLONE_CASE, "OPEN1", None),
    (FindingKind.STATE_WENT_BACK, "DUE1", None),
    (FindingKind.FOREIGN_IDENTITY, "DUE1", None),
}


@pytest.fixture
def roll(database: Database, now: datetime) -> Database:
    for kind, content in FLEET.items():
        told, _ = take(database, now, kind, content)
        assert set(outcomes(told)) == {"new"}, told
    with database.transaction() as session:
        units = {unit.serial: unit for unit in session.exec(select(Unit))}
        doubts = [("OPEN1", Doubt.COPIED), ("DUE1", Doubt.WENT_BACK), ("DUE1", Doubt.FOREIGN)]
        cases = [IdentityCase(unit_id=units[unit].id, doubt=doubt, since=1, at=1, says="so it says", facts="f") for unit, doubt in doubts]
        session.add_all(cases)
        units["OPEN1"].card = {"starts_on": "2026-02-15", "months": 12}
        for status in (CredentialStatus.ACTIVE, CredentialStatus.PENDING):
            session.add(
                Credential(unit_id=units["DUE1"].id, secret_hash="x", status=status, evidence={"mac": status.value}, created_at=now)
            )
        session.flush()
        reconciliation_run.reconcile(session, now, now, store=True)
    return database


def opened(session: Session, now: datetime) -> list[FindingDetail]:
    page = finding_decisions.findings(session, FindingFilter(), None, 100, now)
    return [finding_decisions.finding(session, row.id, now) for row in page.rows]


def test_every_kind_is_found_and_worth_what_the_rows_of_documents_say(roll: Database, now: datetime) -> None:
    with roll.snapshot() as session:
        found = {
            (
                FindingKind(one.row.kind),
                one.row.serial or one.row.line,
                str(one.finding.worth.value) if one.finding and one.finding.worth.value else None,
            )
            for one in opened(session, now)
        }
    assert found == EXPECTED
    assert {kind for kind, _, _ in found} == set(FindingKind)


def test_evidence_leads_to_the_rows_of_documents_that_say_so(roll: Database, now: datetime) -> None:
    with roll.snapshot() as session:
        every = opened(session, now)
    seen = set()
    for one in every:
        names = {one.row.serial, (one.row.line or "").partition("/")[0]} - {None, ""}
        for proof in one.proofs:
            seen.add(proof.evidence.table)
            for origin in proof.documents:
                row = FLEET[origin.kind].splitlines()[origin.line - 1]
                told = names | {word for word in proof.evidence.says.replace(",", " ").replace("/", " ").split() if word[:1] in "ACS"}
                assert origin.file == f"{origin.kind}.csv"
                assert any(name in row for name in told), (one.finding, proof)
            by_document = (
                proof.evidence.table in ("unit", "line", "invoice", "warranty", "account") or "last reported" in proof.evidence.says
            )
            assert bool(proof.documents) is by_document, proof
    assert seen == {"unit", "unit_status", "line", "invoice", "warranty", "card", "credential", "account"}
