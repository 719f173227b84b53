"""What messages say: which column, as the file calls it, which values, and what to do."""

from datetime import datetime

import pytest
from musterroll.readers.columns import choices
from musterroll.storage.engine.database import Database
from musterroll.usecases.imports import record_entry
from musterroll.usecases.imports.record_entry import Entry

from tests.support import documents

UNITS = "Serial Number,Manufacturer,Model,Status\nSN-9001,Lenovo,T14,Installed\n"


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        (
            "incidents",
            "Ticket,Gemeldet am,Erledigt am\nI1,2026-01-06,2026-01-05\n",
            "the Closed (Erledigt am) 2026-01-05 is before the Opened (Gemeldet am) 2026-01-06",
        ),
        (
            "units",
            "S/N,Maker,Model,Warranty Start,Garantieende\nSN1,Acme,P,2026-05-01,2026-04-30\n",
            "the Warranty End (Garantieende) 2026-04-30 is before the Warranty Start 2026-05-01",
        ),
        (
            "contracts",
            "Contract Number,Account ID,Vertragsbeginn,End Date\nC1,A1,2026-05-01,2026-04-01\n",
            "the End Date 2026-04-01 is before the Start Date (Vertragsbeginn) 2026-05-01",
        ),
    ],
)
def test_dates_in_the_wrong_order_are_named_as_the_file_does(database: Database, now: datetime, kind: str, text: str, why: str) -> None:
    (refused,) = documents.take(database, now, kind, text)[0]
    assert refused.why == why


def test_a_serial_of_another_maker_is_not_called_unregistered(database: Database, now: datetime) -> None:
    documents.take(database, now, "units", UNITS)
    (refused,) = documents.take(database, now, "telemetry", "serial,manufacturer,last_seen\nSN-9001,LNV,2026-10-30T10:00:00Z\n")[0]
    assert refused.why == (
        "serial SN-9001 is registered from Lenovo, not from LNV; if that is another name for it, import it as one (product-names)"
    )


def test_what_stays_as_edited_is_named_as_the_file_does(database: Database, now: datetime) -> None:
    text = "Account Number,Company,Land\nA1,One,DE\n"
    documents.take(database, now, "accounts", text)
    with database.transaction() as session:
        record_entry.correct(session, Entry("accounts", {"ref": "A1", "country": "AT", "name": "One Ltd"}, "kim"), now)
    (same,) = documents.take(database, now, "accounts", text)[0]
    assert same.note == "stays as edited in the registry: Account Name (Company) and Country (Land)"


def test_a_note_leaves_the_headings_of_the_file_as_they_are() -> None:
    document = documents.document("incidents", "number,opened_at\nI1,3/17/2025 6:04\n", choices([], documents.Choices()))
    list(document.rows())
    assert "'opened_at': month first, as '3/17/2025 6:04' in line 2 shows" in document.notes()
