import pytest
from musterroll.domain.values.errors import NotFound
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.messages import DurableMessage
from musterroll.storage.tables.units import UnitStateChange
from musterroll.usecases.units.history import messages, transitions

from tests.support.unit_rows import unit


def test_changes_come_newest_first_and_page_backwards(database: Database) -> None:
    with database.transaction() as session:
        made = unit(session, "SN1")
        other = unit(session, "SN2")
        for n in range(5):
            for of in (made, other):
                says = f"{of.serial} {n}"
                session.add(
                    UnitStateChange(unit_id=of.id, at=n, recorded_at=n, axis="liveness", old=None, new=says, cause="test", actor="test")
                )
                session.flush()
    with database.snapshot() as session:
        first = transitions(session, made.uid, None, 3)
        rest = transitions(session, made.uid, first[-1].id, 3)
    assert [change.new for change in first + rest] == [f"SN1 {n}" for n in (4, 3, 2, 1, 0)]


def test_messages_are_ordered_by_epoch_then_seq_never_by_time(database: Database) -> None:
    with database.transaction() as session:
        made = unit(session, "SN1")
        for epoch, seq in [(1, 1), (2, 1), (1, 2), (2, 2)]:
            at = 100 - epoch
            session.add(DurableMessage(unit_id=made.id, epoch=epoch, seq=seq, about="event", at=at, received_at=at, body="{}"))
    with database.snapshot() as session:
        first = messages(session, made.uid, None, 3)
        rest = messages(session, made.uid, (first[-1].epoch, first[-1].seq), 3)
    assert [(m.epoch, m.seq) for m in first + rest] == [(2, 2), (2, 1), (1, 2), (1, 1)]


def test_an_unknown_unit_has_no_history(database: Database) -> None:
    with database.snapshot() as session:
        with pytest.raises(NotFound):
            transitions(session, "gone", None, 3)
        with pytest.raises(NotFound):
            messages(session, "gone", None, 3)
