"""Indexes of lists, set aside for a while."""

import pytest
from musterroll.storage.engine.database import Database
from musterroll.storage.imports import unit_indexes
from musterroll.storage.imports.unit_indexes import ListIndexes
from sqlalchemy import text
from sqlmodel import Session

from tests.support import unit_rows


def _indexes(session: Session) -> set[tuple[str, str]]:
    listed = text("SELECT name, sql FROM sqlite_master WHERE tbl_name = 'unit' AND sql IS NOT NULL AND type = 'index'")
    return {(row[0], row[1]) for row in session.execute(listed)}


def test_indexes_are_set_aside_while_more_units_come_in_than_were_there(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_indexes, "_WORTHWHILE", 2)
    with sqlite_database.transaction() as session:
        for number in range(5):
            unit_rows.unit(session, f"SN{number}")
        before, indexes, kept = _indexes(session), ListIndexes(session), []
        for _ in range(4):  # the second makes it worth looking: three others were there before
            indexes.count_new(1)
            kept.append(_indexes(session) == before)
        assert kept == [True, True, True, False]
        assert before - _indexes(session) == {one for one in before if one[0] in unit_indexes._LIST_INDEXES}
        indexes.restore()
        assert _indexes(session) == before
