"""Many rows at once: what is copied arrives as it was written, in order, and a failure is heard of."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from musterroll.storage.engine import bulk
from musterroll.storage.engine.behind import arrive
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.operations import ProcessHeartbeat
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

_COPIED = 300  # rows: more than are inserted one by one
_TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)


def _insert(session: Session, names: list[str], detail: str = "") -> None:
    bulk.insert(session, ProcessHeartbeat, ("name", "at"), [(name, number) for number, name in enumerate(names)], detail=detail)


def _count(session: Session) -> int:
    return int(session.execute(select(func.count()).select_from(ProcessHeartbeat)).scalar_one())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(st.lists(_TEXTS, min_size=1, max_size=20, unique=True), _TEXTS)
def test_texts_arrive_as_they_were_written(database: Database, odd: list[str], detail: str) -> None:
    names = [*odd, *(f"plain {number}" for number in range(_COPIED)), r"\N", r"a\tb"]
    with database.transaction() as session:
        session.execute(text("DELETE FROM process_heartbeat"))
        _insert(session, list(dict.fromkeys(names)), detail)
        found = session.execute(select(col(ProcessHeartbeat.name), col(ProcessHeartbeat.detail)).order_by(col(ProcessHeartbeat.at))).all()
    assert [(row[0], row[1]) for row in found] == [(name, detail) for name in dict.fromkeys(names)]


def test_what_is_asked_next_waits_for_rows_on_their_way(database: Database) -> None:
    with database.transaction() as session, bulk.room(session):
        for start in range(0, 10 * _COPIED, _COPIED):
            _insert(session, [str(start + number) for number in range(_COPIED)])
        assert _count(session) == 10 * _COPIED


def test_rows_that_cannot_be_stored_are_taken_back_with_their_savepoint(postgres_database: Database) -> None:
    names = [str(number) for number in range(_COPIED)]
    with postgres_database.transaction() as session, bulk.room(session):
        _insert(session, names)
        with pytest.raises(IntegrityError):
            _insert_within_savepoint(session, ["new", *names])
        assert _count(session) == _COPIED


def test_rows_that_cannot_be_stored_end_the_transaction_they_are_sent_in(database: Database) -> None:
    names = [str(number) for number in range(_COPIED)]
    with pytest.raises(IntegrityError):
        _insert_in_room(database, names, names)
    with database.transaction() as session:
        assert _count(session) == 0


def _insert_in_room(database: Database, *lists: list[str]) -> None:
    with database.transaction() as session, bulk.room(session):
        for names in lists:
            _insert(session, names)


def _insert_within_savepoint(session: Session, names: list[str]) -> None:
    with session.begin_nested():
        _insert(session, names)
        arrive(session)
