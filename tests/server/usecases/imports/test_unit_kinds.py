"""Units that are no devices: what identifies them in lists, lines, look-up and enrolment; they have no warranty. On both databases."""

from datetime import datetime, timedelta

import pytest
from musterroll.domain.units.kinds import UnitKind
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.errors import Conflict, DomainError
from musterroll.storage.audit import changes as audit_changes
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.contracts import ContractLine
from musterroll.storage.tables.units import Unit
from musterroll.storage.tables.warranty import WarrantyPeriod
from musterroll.usecases.coverage.verdict import coverage
from musterroll.usecases.enrolment import enrol
from musterroll.usecases.enrolment.enrol import EnrolRequest
from musterroll.usecases.undo import undo as undo_changes
from musterroll.usecases.units.look_up import look_up
from musterroll.usecases.warranty import periods
from musterroll.usecases.warranty import products as product_settings
from sqlmodel import select

from tests.support import records
from tests.support.documents import outcomes, take

SEATS = (
    "Serial Number,Manufacturer,Model,Unit Kind,Status,Install Date,Account ID,Warranty Months\n"
    "alice@acme.example,Acme,Suite,User,Provisioned,2026-01-05,A1,36\n"
    "a.lice@acme.example,Acme,Suite,,Suspended,2026-01-05,,\n"
    "bob@acme.example,Acme,Suite,,Trial,,,\n"
    "carol@acme.example,Acme,Suite,,Expired,,,\n"
)
NODES = "Serial Number,Manufacturer,Model,Unit Kind,Host ID\nweb-1-12,Acme,Edge,node,h1\nweb-11-2,Acme,Edge,node,h1\n"
DEVICES = "Serial Number,Manufacturer,Model\n{}\n"
LINES = "Contract Number,Line,Serial Number,Manufacturer,Model\nC1,1,web-1-12,Acme,Edge\nC1,2,alice@acme.example,,\nC1,3,web-11-2,,\n"
TELEMETRY = "serial,last_seen\nalice@acme.example,2026-10-01T08:00:00Z\nweb-11-2,2026-10-01T08:00:00Z\n"


def test_seats_are_known_by_their_identifier_and_have_no_warranty(database: Database, now: datetime) -> None:
    verdicts, _ = take(database, now, "units", SEATS)
    assert outcomes(verdicts) == ["new"] * 4, verdicts
    assert outcomes(take(database, now, "units", SEATS)[0]) == ["same"] * 4
    with database.transaction() as session:
        assert session.exec(select(Product)).one().kind is UnitKind.SEAT
        units = {unit.serial: unit for unit in session.exec(select(Unit))}
        deployed = Lifecycle.DEPLOYED
        assert [unit.lifecycle for unit in units.values()] == [deployed, Lifecycle.RETURNED, deployed, Lifecycle.RETIRED]
        assert session.exec(select(WarrantyPeriod)).all() == []
        assert coverage(session, "ALICE@acme.example", None, now).reasons == ("No contract line on record.",)
        assert [card.serial for card in look_up(session, " Alice@ACME.example", now).units] == ["alice@acme.example"]
        with pytest.raises(Conflict, match="is a seat, which has no warranty"):
            periods.repair(session, units["bob@acme.example"].uid, now.date(), 6, "R-1", "kim", now)


def test_a_device_is_never_known_by_an_address(database: Database, now: datetime) -> None:
    verdicts, _ = take(database, now, "units", DEVICES.format("alice@acme.example,Acme,Pump"))
    assert outcomes(verdicts) == ["refused"]
    assert "set the kind of its product" in (verdicts[0].why or "")
    take(database, now, "units", DEVICES.format("SN1,Acme,Pump"))
    verdicts, _ = take(database, now, "units", SEATS.replace("Suite", "Pump"))
    assert "Acme Pump is a device, not a seat" in (verdicts[0].why or "")


def test_lines_and_reports_mean_nodes_by_their_whole_name(database: Database, now: datetime) -> None:
    take(database, now, "units", NODES)
    take(database, now, "units", SEATS)
    with database.transaction() as session:
        records.contract(session, "C1", records.account(session, "A9"))
        assert len(set(session.exec(select(Unit.serial_key)))) == 6
    verdicts, _ = take(database, now, "contract-lines", LINES)
    assert outcomes(verdicts) == ["new"] * 3, verdicts
    assert outcomes(take(database, now, "telemetry", TELEMETRY)[0]) == ["new"] * 2
    with database.snapshot() as session:
        keys = {line.number: line.serial_key for line in session.exec(select(ContractLine))}
        assert keys == {"1": "WEB-1-12", "2": "ALICE@ACME.EXAMPLE", "3": "WEB-11-2"}


def test_a_product_that_becomes_another_kind_takes_its_units_and_lines_along(database: Database, now: datetime) -> None:
    take(database, now, "units", "Serial Number,Manufacturer,Model,Install Date,Warranty Months\nweb-1,Acme,Edge,2026-01-05,24\n")
    with database.transaction() as session:
        records.contract(session, "C1", records.account(session, "A1"))
    take(database, now, "contract-lines", LINES.replace("web-1-12", "web-1"))

    def keys() -> tuple[str, str, int]:
        with database.snapshot() as session:
            line = session.exec(select(ContractLine.serial_key).where(ContractLine.number == "1")).one()
            return session.exec(select(Unit.serial_key)).one(), line, len(session.exec(select(WarrantyPeriod)).all())

    def settle() -> None:
        with database.transaction() as session:
            while product_settings.apply_pending(session, now):
                pass

    assert keys() == ("WEB1", "WEB1", 1)
    with database.transaction() as session:
        number = session.exec(select(Product.id)).one() or 0
        settings = product_settings.settings_of(session, number)._replace(kind=UnitKind.NODE)
        product_settings.change_product(session, number, settings, "kim", now)
        change = audit_changes.newest(session).id or 0
    settle()
    assert keys() == ("WEB-1", "WEB-1", 0)
    with database.transaction() as session:
        undo_changes.undo(session, change, "kim", now)
    settle()
    assert keys() == ("WEB1", "WEB1", 1)


def test_an_agent_enrols_as_the_kind_of_its_product(database: Database, now: datetime) -> None:
    take(database, now, "units", NODES)
    with database.transaction() as session:
        wanted = {"label": "t", "life": timedelta(days=1), "uses": 9, "serials": [], "account": None, "site": None}
        token = enrol.create_token(session, actor="ann", now=now, **wanted)[1]  # type: ignore[arg-type]
        answer = enrol.enroll(session, EnrolRequest(token, "Acme", "Edge", "web-1-12"), now)
        assert session.exec(select(Unit.serial).where(Unit.uid == answer.uid)).one() == "web-1-12"
        with pytest.raises(DomainError, match="other than letters and digits"):
            enrol.enroll(session, EnrolRequest(token, "Acme", "Pump", "alice@acme.example"), now)
