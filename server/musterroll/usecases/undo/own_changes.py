"""A user's own recent changes of one unit, with undo. Changes of other users are undone from the audit page."""

from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.values.errors import NotFound
from musterroll.storage.audit import changes as audit_changes
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.units.unit_card import unit_id
from musterroll.usecases.undo import undo as undo_changes

_ENTRIES = 100  # of a change; what one person does to one unit writes a handful


class OwnChange(NamedTuple):
    """A change, and whether it has been undone."""

    change: AuditChange
    undone: bool


def own_changes(session: Session, uid: str, change_id: int, actor: str) -> OwnChange | None:
    """A change that this person made of this unit, None where it is another's or about another unit."""
    change = session.get(AuditChange, change_id)
    if change is None or change.actor != actor or unit_id(session, uid) not in audit_changes.units_of(session, change_id, _ENTRIES):
        return None
    return OwnChange(change, audit_changes.undone_by(session, change_id) is not None)


def undo(session: Session, uid: str, change_id: int, *, actor: str, now: datetime) -> AuditChange:
    """Undo a change that this person made of this unit. Raises NotFound where there is none such, and as `undo.undo`."""
    if own_changes(session, uid, change_id, actor) is None:
        raise NotFound(f"you have not made change {change_id} on this unit")
    return undo_changes.undo(session, change_id, actor, now)
