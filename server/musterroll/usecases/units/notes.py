"""Notes on a unit for the next visit."""

from datetime import datetime

from sqlmodel import Session

from musterroll.domain.values.errors import DomainError
from musterroll.domain.values.instants import to_ms
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.units import UnitNote
from musterroll.storage.units import history as stored_history
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.units import move as unit_move

LONGEST = 2_000  # characters
MOST = 50  # notes shown


def note(session: Session, uid: str, text: str, *, actor: str, now: datetime) -> AuditChange:
    """Add a note to a unit. Raises NotFound, Conflict if the unit was merged, and DomainError for an empty or too long note."""
    content = text.replace("\0", "").strip()
    if not content:
        raise DomainError("the note is empty", "empty_note")
    if len(content) > LONGEST:
        raise DomainError(f"the note has {len(content):,} characters; the limit is {LONGEST:,}", "long_note")
    unit = unit_move.unit_to_change(session, uid)
    change = audit_record.begin(session, actor=actor, kind="note", subject=f"note on {unit.serial}", now=now)
    row = UnitNote(unit_id=unit.id or 0, at=to_ms(now), author=actor[:120], text=content)
    session.add(row)
    session.flush()
    audit_record.added(session, change, "unit_note", [row.id or 0])
    return change


def notes(session: Session, uid: str) -> list[UnitNote]:
    """The newest notes on a unit, at most `MOST`."""
    return stored_history.newest(session, uid, MOST)
