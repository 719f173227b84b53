"""Documents that come again after merges, replacements and moves, on both databases: they undo nothing, and find who took over."""

from datetime import datetime, timedelta

import pytest
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Account, Site
from musterroll.storage.tables.contracts import Contract, ContractLine
from musterroll.storage.tables.enrolment import CredentialStatus
from musterroll.storage.tables.units import Incident, Unit, UnitStateChange
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.coverage.verdict import coverage
from musterroll.usecases.enrolment import enrol
from musterroll.usecases.enrolment.enrol import EnrolRequest
from musterroll.usecases.matching import merge as matching_merge
from musterroll.usecases.undo import undo as undo_changes
from musterroll.usecases.units import move as unit_move
from musterroll.usecases.units import replace as unit_replace
from sqlmodel import Session, col, select

from tests.support import documents
from tests.support.documents import FLEET, outcomes, state, take, take_all

HEAD = {kind: text.partition("\n")[0] + "\n" for kind, text in FLEET.items()}
# A unit as somebody misread its label: SN1001 is the one that another platform heard.
MISREAD = {
    "units": HEAD["units"] + "SN100I,Acme,Pump 3,2025-01-05,,Shipped,A1,S1,48\nSN1009,Acme,Pump 3,2026-01-05,,Shipped,A3,S3,\n",
    "contract-lines": HEAD["contract-lines"] + "C1,5,SN100I,Pump 3,S1,1,24x7,90,,\n",
    "incidents": HEAD["incidents"] + "T5,SN100I,Acme,2026-07-21,,question,,\n",
}


def unit(session: Session, serial: str, maker: str = "acme") -> Unit:
    return session.exec(select(Unit).where(Unit.serial == serial, Unit.maker_key == maker)).one()


def line(session: Session, number: str, contract: str = "C1") -> ContractLine:
    query = select(ContractLine).join(Contract, col(Contract.id) == col(ContractLine.contract_id))
    return session.exec(query.where(Contract.ref == contract, ContractLine.number == number)).one()


def account(session: Session, ref: str) -> Account:
    return session.exec(select(Account).where(Account.ref == ref)).one()


def merge_units(database: Database, now: datetime, one: str, other: str) -> tuple[str, str, int]:
    """The serials of the one that stays and of the one that goes, and the change."""
    with database.transaction() as session:
        change = audit_record.begin(session, actor="anna", kind="merge", subject="units", now=now)
        pair = [unit(session, serial) for serial in (one, other)]
        stays = matching_merge.merge_units(session, change, pair[0].id or 0, pair[1].id or 0, now)
        return stays.serial, next(found.serial for found in pair if found is not stays), change.id or 0


def merge_accounts(database: Database, now: datetime, into: str, gone: str) -> int:
    with database.transaction() as session:
        change = audit_record.begin(session, actor="anna", kind="merge", subject="accounts", now=now)
        matching_merge.merge_accounts(session, change, account(session, into).id or 0, account(session, gone).id or 0, now)
        return change.id or 0


def replace(database: Database, now: datetime, old: str, new: str, **how: bool) -> int:
    with database.transaction() as session:
        by = unit(session, new).uid
        return unit_replace.replace(session, unit(session, old).uid, by, actor="anna", now=now, **how).id or 0  # type: ignore[arg-type]


def undo(database: Database, now: datetime, change: int) -> None:
    with database.transaction() as session:
        undo_changes.undo(session, change, "bert", now)


def take_fleet(database: Database, now: datetime) -> None:
    take_all(database, now)
    for kind, content in MISREAD.items():
        take(database, now, kind, content)


def all_again(database: Database, now: datetime) -> None:
    """Every document again: not one row changes anything."""
    before = state(database)
    for kind, content in (*FLEET.items(), *MISREAD.items()):
        told, _ = take(database, now + timedelta(days=1), kind, content)
        assert set(outcomes(told)) == {"same"}, told
    assert state(database) == before


@pytest.mark.parametrize(
    "act", ["units", "accounts", "chain of accounts", "replacement", "chain of replacements", "replacement without lines"]
)
def test_the_same_documents_again_undo_nothing_that_people_did(database: Database, now: datetime, act: str) -> None:
    take_fleet(database, now)
    if act == "units":
        merge_units(database, now, "SN1001", "SN100I")
    if "accounts" in act:
        merge_accounts(database, now, "A1", "A2")
    if act == "chain of accounts":
        merge_accounts(database, now, "A3", "A1")
    if "replacement" in act:
        replace(database, now, "SN1001", "sn-1003", lines="without" not in act)
    if act == "chain of replacements":
        replace(database, now, "sn-1003", "SN1009")
    all_again(database, now)
    with database.transaction() as session:
        named = {"chain of replacements": "SN1009", "replacement": "SN1003"}.get(act, "SN1001")
        assert (line(session, "1").serial, line(session, "1").serial_key) == ("SN1001", named)
        assert session.exec(select(Incident).where(Incident.ref == "T1")).one().unit_id == unit(session, "SN1001").id


def test_where_a_unit_moved_since_stands_until_the_document_says_otherwise(database: Database, now: datetime) -> None:
    take_fleet(database, now)
    with database.transaction() as session:
        unit_move.move_unit(session, unit(session, "SN1001").uid, Lifecycle.DEPLOYED, actor="anna", now=now, site="S2")
        unit_move.move_unit(session, unit(session, "SN1002").uid, Lifecycle.RETURNED, actor="anna", now=now)
    all_again(database, now)
    moved = "SN1001,Acme,Pump 3,2025-01-05,2025-02-15,Installed,A3,S3,24\nSN1002,Acme,Pump 3,2024-06-23,2024-08-16,Retired,A2,S2,12\n"
    told, _ = take(database, now, "units", HEAD["units"] + moved)
    assert outcomes(told) == ["changed", "changed"]
    with database.snapshot() as session:
        one, other = unit(session, "SN1001"), unit(session, "SN1002")
        assert (session.get_one(Site, one.site_id).ref, one.warranty_months) == ("S3", 24)
        assert other.lifecycle is Lifecycle.RETIRED


def test_what_was_undone_is_not_held_against_a_document(database: Database, now: datetime) -> None:
    take_fleet(database, now)
    with database.transaction() as session:
        change = unit_move.move_unit(session, unit(session, "SN1001").uid, Lifecycle.RETURNED, actor="anna", now=now).id or 0
    undo(database, now, change)
    full = state(database)
    with database.snapshot() as session:
        runs = session.exec(
            select(UnitStateChange).where(UnitStateChange.axis == "lifecycle", col(UnitStateChange.withdrawn_at).is_(None))
        ).all()
    assert len(runs) == 7
    all_again(database, now)
    assert state(database) == full


def test_rows_that_name_a_merged_account_mean_the_one_that_stays(database: Database, now: datetime) -> None:
    take_fleet(database, now)
    merge_accounts(database, now, "A1", "A2")
    merge_accounts(database, now, "A3", "A1")
    take(database, now, "sites", HEAD["sites"] + "S9,A2,Metz,57000,\n")
    take(database, now, "units", HEAD["units"] + "SN2001,Acme,Pump 3,2025-01-05,2025-02-15,Installed,A2,S9,36\n")
    take(database, now, "contracts", HEAD["contracts"] + "C9,A2,2026-01-01,2026-12-31,Active,yes,30,EUR\n")
    take(database, now, "contract-lines", HEAD["contract-lines"] + "C9,1,,Pump 3,,2,8x5,40,,\n")
    take(database, now, "accounts", HEAD["accounts"] + "A4,Larkspur West,A2,,FR,\n")
    with database.snapshot() as session:
        stays = account(session, "A3").id
        owners = [unit(session, "SN2001").account_id, session.exec(select(Site).where(Site.ref == "S9")).one().account_id]
        assert [*owners, line(session, "1", "C9").place_id, account(session, "A4").parent_id] == [stays] * 4
        assert session.exec(select(Account).where(Account.ref == "A2")).one().merged_into_id == stays


def test_news_of_a_merged_record_reaches_the_one_that_took_it_over(database: Database, now: datetime) -> None:
    take_fleet(database, now)
    merge_accounts(database, now, "A1", "A2")
    _, _, merge = merge_units(database, now, "SN1001", "SN100I")
    before = state(database)
    told, units = take(database, now, "units", HEAD["units"] + "SN100I,Acme,Pump 3,2025-01-05,2025-02-15,Installed,A3,S3,60\n")
    assert outcomes(told) == ["changed"]
    _, accounts = take(database, now, "accounts", HEAD["accounts"] + "A2,Larkspur Hospitals,,larkspur.example,NL,enterprise\n")
    with database.snapshot() as session:
        stays = unit(session, "SN1001")
        assert (session.get_one(Site, stays.site_id).ref, stays.warranty_months) == ("S3", 36)  # of the warranty it knew otherwise
        assert account(session, "A1").country == "NL"
    for done in (accounts, units):
        with database.transaction() as session:
            documents.undo(session, done.run_id or 0, "kim", now)
    assert state(database) == before
    undo(database, now, merge)


def test_the_verdict_on_a_merged_unit_is_that_on_the_unit_it_is_now(database: Database, now: datetime) -> None:
    take_fleet(database, now)
    with database.snapshot() as session:
        asked = (unit(session, "SN100I").uid, "SN100I", "sn-100i")
    merge_units(database, now, "SN1001", "SN100I")
    with database.snapshot() as session:
        verdicts = {coverage(session, one, None, now) for one in (*asked, unit(session, "SN1001").uid)}
        assert len(verdicts) == 1
        assert {cover.line.ref for verdict in verdicts for cover in verdict.covers} == {"C1/1", "C1/5"}


def test_a_new_line_covers_who_took_the_place_unless_it_is_over(database: Database, now: datetime) -> None:
    take_fleet(database, now)
    replace(database, now, "SN1001", "sn-1003")
    more = "C1,7,SN1001,Pump 3,S1,1,24x7,10,,\nC2,7,SN1001,Pump 3,,1,24x7,10,,\n"  # C2 is over
    told, _ = take(database, now, "contract-lines", HEAD["contract-lines"] + more)
    assert [verdict.note for verdict in told] == ["covers sn-1003 in place of SN1001", ""]
    assert outcomes(take(database, now, "contract-lines", HEAD["contract-lines"] + more)[0]) == ["same", "same"]
    with database.snapshot() as session:
        assert [line(session, "7", ref).serial_key for ref in ("C1", "C2")] == ["SN1003", "SN1001"]


def test_a_line_that_came_after_a_merge_goes_back_with_it(database: Database, now: datetime) -> None:
    take_fleet(database, now)
    stays, gone, merge = merge_units(database, now, "SN1001", "SN100I")
    more = HEAD["contract-lines"] + f"C1,7,{gone},Pump 3,S1,1,24x7,10,,\n"
    take(database, now, "contract-lines", more)
    with database.snapshot() as session:
        assert line(session, "7").serial_key == stays
    undo(database, now, merge)
    with database.snapshot() as session:
        assert line(session, "7").serial_key == gone
    assert outcomes(take(database, now, "contract-lines", more)[0]) == ["same"]


@pytest.mark.parametrize("reporting", [False, True])
def test_a_device_with_the_serial_of_a_merged_unit_is_the_unit_that_stays(database: Database, now: datetime, reporting: bool) -> None:
    take_all(database, now, upto="units")
    take(database, now, "units", MISREAD["units"])
    with database.transaction() as session:
        token = {
            "label": "t",
            "life": timedelta(days=1),
            "uses": 9,
            "serials": [],
            "account": None,
            "site": None,
            "actor": "kim",
            "now": now,
        }
        plain = enrol.create_token(session, **token)[1]  # type: ignore[arg-type]
        if reporting:
            enrol.enroll(session, EnrolRequest(plain, "Acme", "Pump 3", "SN1001"), now)
    stays, gone, _ = merge_units(database, now, "SN1001", "SN100I")
    with database.transaction() as session:
        done = enrol.enroll(session, EnrolRequest(plain, "Acme", "Pump 3", gone, evidence={"mac": "02:42:ac:11:00:09"}), now)
        assert done.uid == unit(session, stays).uid
        assert done.status is (CredentialStatus.PENDING if reporting else CredentialStatus.ACTIVE)


def test_a_line_that_a_person_let_name_a_unit_keeps_naming_it(database: Database, now: datetime) -> None:
    take_fleet(database, now)
    mistyped = HEAD["contract-lines"] + "C1,8,SN10O4,Unheard of,S1,1,24x7,10,,\n"  # SN1004, with the letter
    take(database, now, "contract-lines", mistyped)
    with database.transaction() as session:
        change = audit_record.begin(session, actor="anna", kind="merge", subject="a line", now=now)
        matching_merge.name_unit(session, change, line(session, "8").id or 0, unit(session, "SN1004", "zenith").id or 0)
    assert outcomes(take(database, now, "contract-lines", mistyped)[0]) == ["same"]
    assert outcomes(take(database, now, "contract-lines", mistyped.replace("SN10O4", "SN1002"))[0]) == ["changed"]
    with database.snapshot() as session:
        assert line(session, "8").serial_key == "SN1002"
