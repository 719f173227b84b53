"""What the web process knows of ingest and schedule where they run elsewhere."""

from datetime import UTC, datetime

from musterroll.domain.instants import to_ms
from musterroll.storage import pulses
from musterroll.storage.database import Database
from musterroll.web.elsewhere import checks


def test_a_process_that_leaves_pulses_is_well_and_one_that_stopped_is_not(database: Database) -> None:
    now = to_ms(datetime.now(UTC))
    asked = checks(database)
    assert [ask() for ask in asked.values()] == [False, False]
    with database.writing() as session:
        pulses.beat(session, "ingest:one", now - 3_600_000)
        pulses.beat(session, "ingest:two", now)
        pulses.beat(session, "schedule", now - 3_600_000)
    assert {name: ask() for name, ask in asked.items()} == {"ingest": True, "schedule": False}
