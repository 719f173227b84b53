"""Silence after the newest list is no life: a unit last heard at age 500 stays at 500."""

from datetime import datetime, timedelta

from musterroll.domain.values.instants import to_ms
from musterroll.storage.capacity import facts as stored_facts
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Product
from sqlmodel import select

from tests.support import documents

UNITS = """Serial Number,Manufacturer,Model,Install Date,Status
A00001,Acme,Pump,2025-01-01,Installed
B00001,Acme,Pump,2025-01-01,Installed
"""
TELEMETRY = """serial,first_seen,last_seen
A00001,2025-01-01T09:00:00Z,2026-05-16T09:00:00Z
B00001,2025-01-01T09:00:00Z,2026-05-10T09:00:00Z
"""


def test_a_life_is_counted_until_the_last_report_of_a_list(database: Database, now: datetime) -> None:
    documents.take(database, now, "units", UNITS)
    documents.take(database, now, "telemetry", TELEMETRY)
    with database.snapshot() as session:
        product = session.exec(select(Product)).one()
        ages = {
            days: sorted(
                known.last - known.born for known in stored_facts.lifetimes(session, product.id or 0, to_ms(now - timedelta(days)))
            )
            for days in (0, 180)
        }
    assert ages == {0: [494, 500], 180: [489, 489]}
