"""Fills an empty registry through the product's own code, so that every table has rows and many kinds of changes are in the audit log."""

from datetime import datetime, timedelta
from pathlib import Path

from musterroll.readers.columns import Choices
from musterroll.runtime.jobs import jobs
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.usecases.imports import mappings as import_mappings
from musterroll.usecases.messages.quarantine import RejectedMessage
from musterroll.usecases.messages.receive import Batch, receive
from musterroll.usecases.reconciliation import daily_snapshot
from musterroll_wire.messages import Death

from tests.golden.acts import ACTS
from tests.support import documents, reporting, sample_events, sample_fleet

_OTHERS = 14  # units beside those that the fleet names
_DAY = timedelta(days=1)
# Documents that come later: a row that changes something, a row that is rejected, possible duplicates.
_LATER = {
    "accounts": "Account ID,Account Name,Website,Country\nA7,Umber Logistics,umber.example,NL\n",
    "units": "Serial Number,Manufacturer,Model,Ship Date,Status,Account ID,Site ID,Warranty Months\n"
    "SN1004,Zenith,Valve,,Shipped,,,24\n---,Zenith,Valve,,,,,\nSN100I,Acme,Pump 3,2025-01-05,Shipped,A1,S1,48\n",
}


def fill(database: Database, folder: Path, now: datetime) -> None:
    """Fill an empty, migrated database up to `now`. The folder stands in for the data directory."""
    sample_fleet.fill(database, now - 2 * _DAY, _OTHERS)
    documents.take_all(database, now - _DAY)
    for kind, content in _LATER.items():
        documents.take(database, now - _DAY, kind, content)
    sample_events.fill(database, now)
    _report(database, now)
    run_jobs(database, folder, now)
    for act in ACTS:
        with database.transaction() as session:
            act(session, now)
    with database.transaction() as session:
        import_mappings.save(session, "units", "Their export", Choices({"Gerätenummer": "serial", "Typ": "model"}))
        yesterday = (now - _DAY).date()
        (counts,) = daily_snapshot.count(session, [yesterday], now)
        daily_snapshot.keep(session, yesterday, counts)


def run_jobs(database: Database, folder: Path, now: datetime) -> None:
    """Every recurring job once, except the one that sends notifications."""
    for job in jobs(Settings(data_dir=folder), database):
        if job.name != "send":
            job.work(now)


def _report(database: Database, now: datetime) -> None:
    """Units report for themselves: births, records with a gap, counters, a last will, and a message that cannot be accepted."""
    first, second = reporting.enrol(database, 2, prefix="GD")
    messages = [
        first.arrival(first.birth(card={"starts_on": "2026-10-01", "months": 24})),
        first.arrival(first.record(seq=2, door="open")),
        first.arrival(first.record(seq=4)),
        first.arrival(first.heartbeat(beat=9, usage={"cycles": 41, "litres": 12.5})),
        second.arrival(second.birth(epoch=3)),
        second.arrival(Death(3)),
    ]
    rejected = RejectedMessage(f"musterroll/1/{second.uid}/record", second.uid, "bad_json", "the payload is not JSON", b"{")
    with database.transaction() as session:
        receive(session, Batch(messages, [rejected]), now)
