"""The registry examined, on both databases."""

from datetime import UTC, datetime, timedelta

from musterroll.domain.operations.health import parts, problems
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.usecases.liveness import heartbeats
from musterroll.usecases.operations import health
from musterroll.usecases.operations.health import HostFacts

GB = 1_000_000_000
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
AROUND = HostFacts(0.3, 50 * GB, 100 * GB, True, ())


def test_messages_are_drawn_by_the_minute_from_what_ingest_counts(database: Database) -> None:
    handled = 0
    for minute, more in enumerate((0, 60, 120, 0)):
        at = NOW + timedelta(minutes=minute)
        handled += more
        with database.transaction() as session:
            heartbeats.record_canary(session, "registry", to_ms(at), at, handled)
            health.read(session, at)
    with database.snapshot() as session:
        found = health.examine(session, AROUND, NOW + timedelta(minutes=3))
    assert found.series["messages"] == [60, 120, 0]
    assert found.facts.ingests == {"registry": to_ms(NOW + timedelta(minutes=3))}
    assert found.database.size > 0
    assert [part.name for part in problems(parts(found.facts))] == ["Scheduled jobs"]


def test_figures_of_more_than_two_days_ago_are_forgotten(database: Database) -> None:
    with database.transaction() as session:
        health.read(session, NOW)
        health.read(session, NOW + timedelta(days=3))
        assert len(health.examine(session, AROUND, NOW).series["size"]) == 1
