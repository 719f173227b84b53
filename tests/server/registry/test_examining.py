"""The registry examined, on both databases."""

from datetime import UTC, datetime, timedelta

from musterroll.domain.health import parts
from musterroll.domain.instants import to_ms
from musterroll.registry import examining, hearing
from musterroll.registry.examining import Surroundings
from musterroll.storage.database import Database

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
AROUND = Surroundings(0.3, 50, 100, True, True)


def test_messages_are_drawn_by_the_minute_from_what_ingest_counts(database: Database) -> None:
    handled = 0
    for minute, more in enumerate((0, 60, 120, 0)):
        at = NOW + timedelta(minutes=minute)
        handled += more
        with database.writing() as session:
            hearing.prove(session, "registry", to_ms(at), at, handled)
            examining.read(session, at)
    with database.reading() as session:
        found = examining.examine(session, AROUND, NOW + timedelta(minutes=3))
    assert found.series["messages"] == [60, 120, 0]
    assert found.facts.ingests == {"registry": to_ms(NOW + timedelta(minutes=3))}
    assert found.database.size > 0
    assert [part.name for part in parts(found.facts) if not part.well] == ["Schedule"]


def test_figures_of_more_than_two_days_ago_are_forgotten(database: Database) -> None:
    with database.writing() as session:
        examining.read(session, NOW)
        examining.read(session, NOW + timedelta(days=3))
        assert len(examining.examine(session, AROUND, NOW).series["size"]) == 1
