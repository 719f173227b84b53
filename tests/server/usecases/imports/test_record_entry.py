"""Records that people add and correct by hand: the same checks, audit and undo as imports."""

from collections.abc import Mapping
from datetime import datetime

import pytest
from musterroll.domain.values.errors import Conflict, DomainError, NotFound
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.audit import AuditChange
from musterroll.usecases.imports import record_entry
from musterroll.usecases.imports.document_kinds import KINDS
from musterroll.usecases.imports.record_entry import Entry
from musterroll.usecases.undo import undo

from tests.support import documents
from tests.support.documents import outcomes, state

NEW = {
    "accounts": {"ref": "A9", "name": "Nine Ltd", "parent": "A1", "country": "GB"},
    "sites": {"ref": "S9", "account": "A1", "name": "Ninth", "zone": "Europe/Berlin", "latitude": "51.5"},
    "products": {"maker": "Acme", "model": "Rotor 11", "list_price": "99.50", "currency": "EUR"},
    "units": {"serial": "SN9009", "maker": "Acme", "model": "Pump 3", "lifecycle": "In Stock", "warranty_months": "24"},
    "contracts": {"ref": "C9", "account": "A1", "state": "Active", "starts_on": "2026-01-01", "ends_on": "2026-12-31", "currency": "EUR"},
    "contract-lines": {"contract": "C1", "number": "9", "site": "S1", "model": "Pump 3", "quantity": "4", "price": "12.50"},
    "billing": {"contract": "C3", "payment": "Paid"},
    "invoices": {"ref": "INV9", "account": "A1", "issued_on": "2026-11-01", "amount": "10.5", "currency": "EUR"},
    "incidents": {"ref": "T9", "serial": "SN1001", "maker": "Acme", "opened_on": "2026-11-01", "category": "question"},
    "contacts": {"account": "A1", "first_name": "Nina", "last_name": "Ode", "email": "nina@umber.example", "ref": "nina@umber.example"},
    "limits": {"contract": "C2", "number": "1", "limit": "hours", "amount": "40", "period": "quarter", "carried": "yes"},
    "deliveries": {"on": "2027-03-01", "maker": "Acme", "model": "Pump 3", "quantity": "40", "least": "20"},
}
CORRECTED = {  # key and new values; the empty ones are cleared
    "accounts": ({"ref": "A3"}, {"name": "Larkspur Nice", "parent": "", "segment": ""}),
    "sites": ({"ref": "S1"}, {"postcode": "", "zone": "Europe/Paris"}),
    "products": ({"maker": "Acme", "model": "Rotor 9"}, {"list_price": "130", "interval": "300", "currency": "GBP"}),
    "units": ({"serial": "SN1001", "maker": "Acme", "model": "Pump 3"}, {"warranty_months": "", "shipped_on": "2025-01-06"}),
    "contracts": ({"ref": "C3"}, {"ends_on": "", "notice_days": "60"}),
    "contract-lines": ({"contract": "C1", "number": "2"}, {"quantity": "5", "service": "", "ends_on": ""}),
    "billing": ({"contract": "C1"}, {"payment": "Overdue", "invoiced_on": ""}),
    "invoices": ({"ref": "INV2"}, {"amount": "310", "balance": "", "paid_on": "2026-10-05"}),
    "incidents": ({"ref": "T1"}, {"closed_on": "", "hours": "2.5"}),
    "contacts": ({"ref": "K1"}, {"role": "", "site": "", "last_name": "Voss", "language": "en"}),
    "limits": ({"contract": "C2", "number": "1", "limit": "Calls"}, {"amount": "6", "period": "quarter", "carried": "no"}),
    "deliveries": ({"on": "2027-01-15", "maker": "Acme", "model": "Rotor 9"}, {"quantity": "90", "least": "", "most": "99"}),
}


def enter(database: Database, now: datetime, kind: str, cells: Mapping[str, str], new: bool = True) -> AuditChange | None:
    verb = record_entry.add if new else record_entry.correct
    with database.transaction() as session:
        return verb(session, Entry(kind, cells, "kim", "by phone"), now)


def cells(database: Database, now: datetime, kind: str, key: Mapping[str, str]) -> dict[str, str]:
    with database.snapshot() as session:
        return record_entry.current(session, Entry(kind, key, ""), now)


@pytest.mark.parametrize("kind", NEW)
def test_a_record_is_added_and_the_change_can_be_undone(database: Database, now: datetime, kind: str) -> None:
    documents.take_all(database, now)
    before = state(database)
    change = enter(database, now, kind, NEW[kind])
    assert change is not None
    assert (change.kind, change.actor, change.reason) == ("edit", "kim", "by phone")
    stored = cells(database, now, kind, NEW[kind])
    plain = {name: cell for name, cell in NEW[kind].items() if name not in ("state", "payment", "lifecycle", "price", "list_price")}
    assert {name: stored[name] for name in plain} == plain
    with pytest.raises(Conflict, match="exists already"):
        enter(database, now, kind, NEW[kind])
    with database.transaction() as session:
        undo.undo(session, change.id or 0, "kim", now)
    assert state(database) == before


@pytest.mark.parametrize("kind", CORRECTED)
def test_a_record_is_corrected_cleared_and_put_back(database: Database, now: datetime, kind: str) -> None:
    documents.take_all(database, now)
    before, (key, values) = state(database), CORRECTED[kind]
    old = cells(database, now, kind, key)
    change = enter(database, now, kind, {**key, **values}, new=False)
    assert change is not None
    stored = cells(database, now, kind, key)
    assert {name: stored[name].lower() for name in values} == {name: cell.lower() for name, cell in values.items()}
    unchanged = {name for name in old if name not in (*values, "maker")}
    assert {name: stored[name] for name in unchanged} == {name: old[name] for name in unchanged}
    assert enter(database, now, kind, {**key, **values}, new=False) is None, "nothing is left to change"
    with database.transaction() as session:
        undo.undo(session, change.id or 0, "kim", now)
    assert state(database) == before


def test_what_a_person_entered_stays_when_the_old_document_comes_again(database: Database, now: datetime) -> None:
    documents.take_all(database, now)
    enter(database, now, "accounts", {"ref": "A1", "name": "Umber B.V."}, new=False)
    verdicts, _ = documents.take(database, now, "accounts", documents.FLEET["accounts"])
    assert set(outcomes(verdicts)) == {"same"}
    assert "stays as edited" in next(verdict.note for verdict in verdicts if verdict.record == "A1")
    assert cells(database, now, "accounts", {"ref": "A1"})["name"] == "Umber B.V."


def test_what_is_wrong_is_said_and_nothing_is_written(database: Database, now: datetime) -> None:
    documents.take_all(database, now)
    before = state(database)
    refused = [
        ("accounts", {"name": "Nobody"}, False, "fill in the Account ID"),
        ("accounts", {"ref": "A7", "name": "Nobody"}, False, "there is no account A7"),
        ("accounts", {"ref": "A2", "parent": "A3"}, False, "circle"),
        ("products", {"maker": "N/A", "model": "Pump 3", "interval": ""}, False, "Manufacturer is empty"),
        ("units", {"serial": "SN1001", "maker": "Acme", "model": "unknown"}, False, "Model is empty"),
        ("contract-lines", {"contract": "?", "number": "1", "price": "1"}, False, "Contract Number is empty"),
        ("accounts", {"ref": "A7", "colour": "red"}, True, "no field 'colour'"),
        ("contracts", {"ref": "C7", "state": "Active"}, True, "Start Date"),
        ("contracts", {"ref": "C1", "ends_on": "2025-01-01"}, False, "End Date"),
        ("contract-lines", {"contract": "C7", "number": "1"}, True, "contract C7 is not registered"),
        ("incidents", {"ref": "T9", "serial": "SN1001", "opened_on": "yesterday"}, True, "Opened"),
    ]
    for kind, values, new, sentence in refused:
        with pytest.raises((DomainError, NotFound), match=sentence):
            enter(database, now, kind, values, new)
    assert state(database) == before


@pytest.mark.parametrize("kind", NEW)
def test_nothing_at_all_is_no_record(database: Database, now: datetime, kind: str) -> None:
    for new in (True, False):
        with pytest.raises(DomainError, match="fill in the"):
            enter(database, now, kind, {}, new)


@pytest.mark.parametrize("kind", CORRECTED)
def test_any_field_can_be_cleared_or_the_reason_is_given(database: Database, now: datetime, kind: str) -> None:
    documents.take_all(database, now)
    key, _ = CORRECTED[kind]
    names = [field.name for field in KINDS[kind].fields if field.name not in key]
    reasons: list[str] = []
    for cleared in [*([name] for name in names), names]:
        try:
            enter(database, now, kind, {**key, **dict.fromkeys(cleared, "")}, new=False)
        except DomainError as error:  # any other error would be a fault
            reasons.append(str(error))
    assert all(reasons)
