"""Notes and incidents that people write down, and taking back one's own."""

from datetime import datetime

import pytest
from musterroll.domain.values.errors import Conflict, DomainError, NotFound
from musterroll.storage.accounts import sites
from musterroll.storage.audit import verify as audit_chain
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.reconciliation import ReconcileQueue
from musterroll.usecases.undo import own_changes
from musterroll.usecases.units import incidents, notes
from musterroll.usecases.units.related import related_units
from sqlmodel import select

from tests.support.unit_rows import place, unit


def test_a_note_is_audited_listed_and_undone_without_a_reconciliation(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        uid = unit(session, "SN1").uid
    with database.transaction() as session:
        first, second = (notes.note(session, uid, text, actor="ann", now=now).id or 0 for text in (" Key at\x00 reception ", "Ladder"))
        assert session.exec(select(ReconcileQueue)).all() == []
    with database.transaction() as session:
        assert [(note.text, note.author) for note in notes.notes(session, uid)] == [("Ladder", "ann"), ("Key at reception", "ann")]
        undoing = own_changes.undo(session, uid, first, actor="ann", now=now)
        assert [note.text for note in notes.notes(session, uid)] == ["Ladder"]
        again = own_changes.undo(session, uid, undoing.id or 0, actor="ann", now=now)
        assert len(notes.notes(session, uid)) == 2
        found = [own_changes.own_changes(session, uid, number, "ann") for number in (first, second, undoing.id or 0, again.id or 0)]
    assert [made.undone for made in found if made] == [True, False, True, False]
    with database.snapshot() as session:
        assert audit_chain.verify(session).first_bad is None


def test_an_incident_opened_by_hand_has_a_number_of_its_own(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        uid, other = unit(session, "SN1").uid, unit(session, "SN2").uid
        for _ in range(2):
            incidents.open_incident(session, uid, "  no \n signal ", actor="ann", now=now)
        refs = {incident.ref for incident in related_units(session, uid).incidents}
        assert len(refs) == 2
        assert {incident.category for incident in related_units(session, uid).incidents} == {"no signal"}
        closed = incidents.close_incident(session, uid, min(refs), actor="ann", now=now)
        assert own_changes.own_changes(session, uid, closed.id or 0, "ann")
        with pytest.raises(Conflict, match="already closed"):
            incidents.close_incident(session, uid, min(refs), actor="ann", now=now)
        with pytest.raises(NotFound):
            incidents.close_incident(session, other, max(refs), actor="ann", now=now)
        with pytest.raises(DomainError):
            incidents.open_incident(session, uid, " \x00", actor="ann", now=now)


def test_only_ones_own_change_of_that_unit_is_undone(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        uid, other = unit(session, "SN1").uid, unit(session, "SN2").uid
        change = notes.note(session, uid, "x", actor="ann", now=now).id or 0
        for whose, which, number in ((uid, "bob", change), (other, "ann", change), (uid, "ann", change + 1)):
            with pytest.raises(NotFound):
                own_changes.undo(session, whose, number, actor=which, now=now)
        own_changes.undo(session, uid, change, actor="ann", now=now)
        with pytest.raises(Conflict):
            own_changes.undo(session, uid, change, actor="ann", now=now)


def test_what_was_merged_away_takes_no_note(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        gone, stays = unit(session, "SN1"), unit(session, "SN2")
        gone.merged_into_id = stays.id
        session.flush()
        with pytest.raises(Conflict, match="merged into SN2"):
            notes.note(session, gone.uid, "x", actor="ann", now=now)


def test_sites_to_choose_from_come_with_the_units_own_account_first(database: Database) -> None:
    with database.transaction() as session:
        first, _ = place(session, "A1", "Z-site")
        place(session, "A2", "B-site")
        place(session, "A2", "C_site")

        def named(text: str, account: int | None) -> list[str]:
            return [row.ref for row in sites.choices(session, text, account, 10)]

        assert named("site", first) == ["Z-site", "B-site", "C_site"]
        assert named("site", None) == ["B-site", "C_site", "Z-site"]
        assert named("", first) == ["Z-site"]
        assert named("a2", first) == ["B-site", "C_site"]
        assert named("c_s", None) == ["C_site"]
