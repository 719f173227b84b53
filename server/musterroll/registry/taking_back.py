"""Taking back what was last decided of one finding."""

from datetime import datetime

from sqlmodel import Session

from musterroll.domain.errors import Conflict, NotFound
from musterroll.registry import undoing
from musterroll.storage import finding_lists
from musterroll.storage.audit_tables import Change


def decision(session: Session, finding_id: int, actor: str, now: datetime, reason: str = "") -> Change:
    """Undo the newest decision of a finding. Returns the undoing, a change itself.

    Raises NotFound where nothing is decided, and Conflict where other findings were decided by the same act.
    """
    decided = next(iter(finding_lists.history(session, finding_id)), None)
    if decided is None:
        known = finding_lists.one(session, finding_id, now.date()) is not None
        raise NotFound(f"nothing is decided of finding {finding_id}" if known else f"there is no finding {finding_id}")
    change_id, rows = finding_lists.decided_by(session, decided.id or 0)
    if rows > 1:
        raise Conflict(
            f"finding {finding_id} was decided with {rows - 1:,} others; undo change {change_id} for all, or open this one again", "of_many"
        )
    return undoing.undo(session, change_id, actor, now, reason)
