"""Every kind of document, on both databases: twice is once, a dry run writes nothing, undoing gives back the same bytes."""

from datetime import datetime, timedelta

import pytest
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.storage.audit import changes as audit_changes
from musterroll.storage.audit import verify as audit_chain
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Account, Site
from musterroll.storage.tables.contracts import Contract, ContractLine, Invoice
from musterroll.storage.tables.units import Incident, Unit
from musterroll.storage.tables.warranty import WarrantyPeriod
from musterroll.usecases.imports import history as import_history
from musterroll.usecases.imports import run as import_run
from musterroll.usecases.imports.document_kinds import IMPORTERS
from musterroll.usecases.imports.verdicts import RowVerdict
from sqlmodel import col, select

from tests.support import documents
from tests.support.documents import FLEET, outcomes, state, take, take_all

KINDS = list(FLEET)
CONTRACTS = FLEET["contracts"].partition("\n")[0] + "\n"
LINES = FLEET["contract-lines"].partition("\n")[0] + "\n"


def why(verdicts: list[RowVerdict]) -> str:
    (verdict,) = verdicts
    assert verdict.why
    return verdict.why


def changes(verdicts: list[RowVerdict]) -> list[tuple[str, str | None, str | None]]:
    (verdict,) = verdicts
    return [(one.field, one.old, one.new) for one in verdict.differences]


def decided(dry: list[RowVerdict]) -> list[RowVerdict]:
    """The verdicts of a dry run without the values of new records, which only a dry run shows."""
    return [verdict._replace(written=()) for verdict in dry]


def before(database: Database, now: datetime, kind: str) -> None:
    """The fleet as far as this kind of document needs it."""
    for earlier in KINDS[: KINDS.index(kind)]:
        take(database, now, earlier, FLEET[earlier])


def test_there_is_a_fleet_for_every_kind() -> None:
    assert list(FLEET) == list(IMPORTERS)


@pytest.mark.parametrize("kind", KINDS)
def test_twice_changes_nothing_and_undone_gives_the_same_bytes(database: Database, now: datetime, kind: str) -> None:
    before(database, now, kind)
    empty = state(database)
    dry, looked = take(database, now, kind, FLEET[kind], commit=False)
    assert (state(database), looked.run_id) == (empty, None)
    verdicts, done = take(database, now, kind, FLEET[kind])
    assert verdicts == decided(dry)
    full = state(database)
    assert full != empty
    again, _ = take(database, now + timedelta(days=1), kind, FLEET[kind])
    assert (set(outcomes(again)), state(database)) == ({"same"}, full)
    with database.transaction() as session:
        undo = documents.undo(session, done.run_id or 0, "kim", now)
    assert state(database) == empty
    with database.transaction() as session:
        importing_undone = audit_changes.newest(session)
        assert importing_undone.id == undo
        assert audit_chain.verify(session).first_bad is None
    take(database, now, kind, FLEET[kind])
    assert set(outcomes(take(database, now, kind, FLEET[kind])[0])) == {"same"}


@pytest.mark.parametrize("kind", KINDS)
def test_batches_of_one_row_give_the_same(database: Database, now: datetime, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before(database, now, kind)
    whole, _ = take(database, now, kind, FLEET[kind], commit=False)
    monkeypatch.setattr(import_run, "_BATCH_ROWS", 1)
    assert take(database, now, kind, FLEET[kind])[0] == decided(whole)
    assert set(outcomes(take(database, now, kind, FLEET[kind])[0])) == {"same"}


def test_undoing_all_in_turn_leaves_nothing(database: Database, now: datetime) -> None:
    empty = state(database)
    done = take_all(database, now)
    for found in reversed(done.values()):
        with database.transaction() as session:
            documents.undo(session, found.run_id or 0, "kim", now)
    assert state(database) == empty


def test_what_later_documents_rest_on_is_not_undone(database: Database, now: datetime) -> None:
    done = take_all(database, now, "contracts")
    full = state(database)
    with pytest.raises(Conflict, match=r"contract 1 depends on records the change added \(account\)"), database.transaction() as session:
        documents.undo(session, done["accounts"].run_id or 0, "kim", now)
    assert state(database) == full


def test_a_record_is_traced_to_the_lines_it_came_from(database: Database, now: datetime) -> None:
    take_all(database, now, "contract-lines")
    take(database, now, "contract-lines", f"{LINES}C1,2,,Pump 3,S2,4,8x5,40,2026-03-01,2027-02-28\n")
    with database.snapshot() as session:
        line = session.exec(select(ContractLine).where(col(ContractLine.number) == "2")).one()
        first, second = import_history.provenance(session, line.id or 0, "line")
    assert (first.file, first.line, first.verdict, first.detail, first.actor) == ("contract-lines.csv", 3, "new", "", "kim")
    assert (second.line, second.verdict, second.detail) == (2, "changed", "Quantity 3 -> 4")


def test_the_history_keeps_counts_columns_and_refused_rows(database: Database, now: datetime) -> None:
    _, done = take(database, now, "sites", "Site ID,Site Name\nS1,Essen\n,nowhere\n")
    with database.snapshot() as session:
        run = import_history.run(session, done.run_id or 0)
        new, refused = import_history.rows(session, run.id)
        with pytest.raises(NotFound, match="no import 77"):
            import_history.run(session, 77)
    assert (run.counts, run.mapping) == ({"new": 1, "changed": 0, "same": 0, "refused": 1}, {"Site ID": "ref", "Site Name": "name"})
    assert (new.verdict, refused.verdict, refused.detail, refused.record_id) == ("new", "refused", "the Site ID is empty", None)


# Accounts


def test_accounts_form_a_tree_whatever_the_order_of_their_rows(database: Database, now: datetime) -> None:
    take(database, now, "accounts", "Account ID,Parent Account ID\nA1,A2\nA2,A3\nA4,A9\nA3,\n")
    with database.snapshot() as session:
        accounts = {row.id: row for row in session.exec(select(Account))}
        above = {row.ref: accounts[row.parent_id].ref if row.parent_id else None for row in accounts.values()}
        names = {row.ref: row.name for row in accounts.values()}
    assert above == {"A1": "A2", "A2": "A3", "A3": None, "A4": "A9", "A9": None}
    assert names["A9"] == "A9"


@pytest.mark.parametrize(
    ("rows", "circle"), [("A1,A2\nA2,A3\nA3,A1\n", "A1 -> A2 -> A3 -> A1"), ("A1,A1\n", "A1 -> A1"), ("A3,A1\n", "A3 -> A1 -> A2 -> A3")]
)
def test_accounts_in_a_circle_are_refused_naming_it(database: Database, now: datetime, rows: str, circle: str) -> None:
    if rows.count("\n") == 1:
        take(database, now, "accounts", "Account ID,Parent Account ID\nA1,A2\nA2,A3\nA3,\n")
    verdicts, _ = take(database, now, "accounts", f"Account ID,Parent Account ID\nB1,\n{rows}")
    assert outcomes(verdicts)[:2] == ["new", "refused"]
    assert f"form a circle: {circle}" in str(verdicts[1].why)


def test_an_account_that_a_site_opened_gets_its_name_later(database: Database, now: datetime) -> None:
    take(database, now, "sites", FLEET["sites"])
    verdicts, _ = take(database, now, "accounts", "Account ID,Account Name\nA1,Umber\n")
    assert changes(verdicts) == [("name", "A1", "Umber")]


# Contracts and their lines


def test_a_contract_expired_before_its_end_is_cancelled_and_stays_so(database: Database, now: datetime) -> None:
    take_all(database, now, "contracts")
    with database.snapshot() as session:
        states = {row.ref: row.state for row in session.exec(select(Contract))}
    assert states == {"C1": "active", "C2": "expired", "C3": "cancelled"}
    verdicts, _ = take(database, now + timedelta(days=400), "contracts", FLEET["contracts"])
    assert set(outcomes(verdicts)) == {"same"}


def test_the_last_day_of_a_contract_is_covered(database: Database, now: datetime) -> None:
    take_all(database, now, "contracts")
    with database.snapshot() as session:
        contract = session.exec(select(Contract).where(col(Contract.ref) == "C1")).one()
    assert str(contract.ends_on) == "2028-09-15"
    verdicts, _ = take(database, now, "contracts", f"{CONTRACTS}C1,A1,2026-02-24,2028-09-30,Active,yes,30,EUR\n")
    assert changes(verdicts) == [("ends_on", "2028-09-14", "2028-09-30")]


def test_lines_keep_exact_prices_and_what_they_cover(database: Database, now: datetime) -> None:
    take_all(database, now, "contract-lines")
    with database.snapshot() as session:
        serial, pool, unknown = session.exec(select(ContractLine).order_by(col(ContractLine.id)))
        site = session.exec(select(Site).where(col(Site.ref) == "S2")).one()
    assert (serial.scope, serial.serial_key, str(serial.price)) == ("serial", "SN1001", "1234.5000")
    assert (pool.scope, pool.place_id, pool.quantity, str(pool.ends_on)) == ("site", site.id, 3, "2027-03-01")
    assert (unknown.serial, unknown.scope) == ("GONE77", "serial")


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("C9,1,SN1001,,,,,,,", "contract C9 is not registered"),
        ("C1,3,SN1001,,,2,,,,", "enter the serial and quantity 1"),
        ("C1,3,,,S2,3,,,,", "enter a product"),
        ("C1,3,,Rotor,S2,3,,,,", "product Rotor is not registered"),
        ("C1,3,SN1001,,,1,,,2026-01-01,", "outside contract C1"),
        ("C1,3,SN1001,,,1,,,,2029-01-01", "outside contract C1"),
        ("C1,3,SN1001,,,1,,,2027-01-01,2026-12-01", "before the Start Date"),
        ('C1,3,SN1001,,,1,,"1,234",,', "thousands or decimals"),
        ("C1,3,,Valve,,0,,,,", "from 1 to"),
    ],
)
def test_a_line_that_cannot_stand_is_refused(database: Database, now: datetime, row: str, sentence: str) -> None:
    take_all(database, now, "contracts")
    assert sentence in why(take(database, now, "contract-lines", f"{LINES}{row}\n")[0])


def test_a_product_of_several_makers_needs_the_maker(database: Database, now: datetime) -> None:
    take_all(database, now, "contracts")
    take(database, now, "units", "Serial,Maker,Model\nX1,Other,Valve\n")
    line = "Contract Number,Line,Manufacturer,Model,Quantity,Including Subsidiaries\nC1,9,{},Valve,2,yes\n"
    assert "several manufacturers have a product Valve" in why(take(database, now, "contract-lines", line.format(""))[0])
    assert outcomes(take(database, now, "contract-lines", line.format("Zenith"))[0]) == ["new"]
    with database.snapshot() as session:
        stored = session.exec(select(ContractLine).where(col(ContractLine.number) == "9")).one()
        account = session.exec(select(Account).where(col(Account.ref) == "A1")).one()
    assert (stored.scope, stored.place_id) == ("subtree", account.id)


def test_a_contract_is_not_cut_short_of_its_lines(database: Database, now: datetime) -> None:
    take_all(database, now, "contract-lines")
    verdicts, _ = take(database, now, "contracts", f"{CONTRACTS}C1,A1,2026-02-24,2026-12-31,Active,yes,30,EUR\n")
    assert "exclude a contract line: line C1/2 runs" in why(verdicts)


def test_billing_says_what_is_so_of_each_contract(database: Database, now: datetime) -> None:
    take_all(database, now, "billing")
    with database.snapshot() as session:
        assert sorted(row.payment for row in session.exec(select(Invoice))) == ["overdue", "paid"]
    verdicts, _ = take(database, now, "billing", "Contract Number,Payment State\nC2,Paid\n")
    assert changes(verdicts) == [("payment", "overdue", "paid")]
    assert "import the contracts first" in why(take(database, now, "billing", "Contract Number,Payment State\nC9,Paid\n")[0])


# Units and tickets


def test_standard_warranties_are_settled_and_undone_with_their_units(database: Database, now: datetime) -> None:
    take_all(database, now, "units")
    with database.snapshot() as session:
        units = {unit.id: unit.serial for unit in session.exec(select(Unit))}
        periods = {units[row.unit_id]: f"{row.starts_on} {row.ends_on}" for row in session.exec(select(WarrantyPeriod))}
    assert periods["SN1001"] == "2025-02-15 2028-02-15"
    verdicts, done = take(database, now, "units", "Serial,Maker,Model,Warranty Months\nSN1001,Acme,Pump 3,12\n")
    assert changes(verdicts) == [("warranty_months", "36", "12")]
    with database.transaction() as session:
        assert "2026-02-15" in {str(row.ends_on) for row in session.exec(select(WarrantyPeriod))}
        documents.undo(session, done.run_id or 0, "kim", now)
        assert "2026-02-15" not in {str(row.ends_on) for row in session.exec(select(WarrantyPeriod))}


def test_tickets_are_kept_without_a_unit_and_find_it_later(database: Database, now: datetime) -> None:
    verdicts, _ = take(database, now, "incidents", FLEET["incidents"])
    assert outcomes(verdicts) == ["new", "new"]
    assert "saved without a unit" in verdicts[0].note
    take_all(database, now, "units")
    verdicts, _ = take(database, now, "incidents", FLEET["incidents"])
    assert outcomes(verdicts) == ["changed", "same"]
    with database.snapshot() as session:
        ticket = session.exec(select(Incident).where(col(Incident.ref) == "T1")).one()
        unit = session.exec(select(Unit).where(col(Unit.maker_key) == "acme", col(Unit.serial_key) == "SN1001")).one()
    assert (ticket.unit_id, str(ticket.hours)) == (unit.id, "1.8900")


def test_a_serial_of_several_makers_is_refused_on_a_ticket(database: Database, now: datetime) -> None:
    take_all(database, now, "units")
    verdicts, _ = take(database, now, "incidents", "Ticket,Serial,Opened\nT9,SN1001,2026-07-20\n")
    assert "more than once, from Acme and Zenith" in why(verdicts)
