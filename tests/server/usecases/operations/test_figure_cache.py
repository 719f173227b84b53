"""Cached figures: a process reads each once, and again when it was counted again."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from musterroll.storage.engine.database import Database
from musterroll.usecases.operations import figure_cache
from musterroll.usecases.operations.figure_cache import CountedFigure, Figure
from pydantic import TypeAdapter

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
COUNTS = Figure[list[int]]("counts", TypeAdapter(list[int]), lambda _session, _now: [])


def keep(database: Database, value: list[int], at: datetime = NOW) -> None:
    with database.transaction() as session:
        figure_cache.keep(session, COUNTS, value, at)


def last(database: Database) -> CountedFigure[list[int]] | None:
    with database.snapshot() as session:
        return figure_cache.last_counted(session, COUNTS)


def test_a_figure_is_read_once_until_it_is_counted_again(database: Database) -> None:
    assert last(database) is None
    keep(database, [1])
    first = last(database)
    assert first == ([1], NOW)
    assert last(database) is first
    keep(database, [2])  # in the same instant
    assert last(database) == ([2], NOW)


def test_what_another_process_has_counted_is_seen(database: Database) -> None:
    keep(database, [1])
    assert last(database) == ([1], NOW)
    other = Database(database.url)
    keep(other, [2], NOW + timedelta(minutes=10))
    other.close()
    assert last(database) == ([2], NOW + timedelta(minutes=10))


def test_a_count_that_was_rolled_back_was_none(database: Database) -> None:
    keep(database, [1])
    with suppress(ZeroDivisionError), database.transaction() as session:
        figure_cache.keep(session, COUNTS, [2], NOW + timedelta(minutes=10))
        session.flush()
        assert figure_cache.last_counted(session, COUNTS) == ([2], NOW + timedelta(minutes=10))
        raise ZeroDivisionError
    assert last(database) == ([1], NOW)
