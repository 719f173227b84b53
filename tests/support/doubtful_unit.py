"""A unit that two machines report as, of which one claims another model, with long messages as evidence."""

from datetime import datetime, timedelta
from typing import NamedTuple

from musterroll.domain.messages.identity import Doubt
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.findings import FindingRow
from musterroll.usecases.messages import identity
from musterroll.usecases.messages.identity import NewCase
from musterroll.usecases.messages.receive import Batch, receive
from musterroll.usecases.reconciliation import run as reconciliation
from sqlmodel import col, select

from tests.support.reporting import enrol

_SINCE = timedelta(minutes=10)


class DoubtfulUnit(NamedTuple):
    uid: str
    findings: list[int]


def add(database: Database, now: datetime) -> DoubtfulUnit:
    """Register it, with its findings."""
    (unit,) = enrol(database, prefix="DOUBTFUL")
    marks = {f"{name}_serial": f"{name.upper()}{'0123456789ABCDEF' * 8}" for name in ("board", "chassis", "disk")}
    births = [
        unit.birth(run=run, firmware=f"2.4.1-{run * 12}", evidence={**marks, "mac": mac})
        for run, mac in (("a9c7", "02:00:00:00:00:01"), ("b1d4", "02:00:00:00:00:02"))
    ]
    for birth in births:
        with database.transaction() as session:
            receive(session, Batch([unit.arrival(birth)]), now - _SINCE)
    with database.transaction() as session:
        identity.judge(session, now - _SINCE)
        identity.open_cases(session, [NewCase(unit.id, Doubt.FOREIGN, "it reports as Acme Pump 4")], now)
        reconciliation.tick(session, now)
        found = session.exec(select(FindingRow.id).where(col(FindingRow.subject_id) == unit.id, col(FindingRow.present))).all()
    return DoubtfulUnit(unit.uid, [number for number in found if number])
