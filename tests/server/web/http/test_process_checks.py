"""Health checks of ingest and schedule as separate processes."""

from datetime import UTC, datetime

from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.liveness import process_heartbeats
from musterroll.web.http.process_checks import checks


def test_a_process_that_leaves_pulses_is_well_and_one_that_stopped_is_not(database: Database) -> None:
    now = to_ms(datetime.now(UTC))
    asked = checks(database)
    assert [ask() for ask in asked.values()] == [False, False]
    with database.transaction() as session:
        process_heartbeats.beat(session, "ingest:one", now - 3_600_000)
        process_heartbeats.beat(session, "ingest:two", now)
        process_heartbeats.beat(session, "schedule", now - 3_600_000)
    assert {name: ask() for name, ask in asked.items()} == {"ingest": True, "schedule": False}
