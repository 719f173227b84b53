"""Follow-ups: an account is assigned to a person, with a due date and a comment."""

from datetime import UTC, date, datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.values.dates import in_words
from musterroll.domain.values.errors import Conflict
from musterroll.storage.accounts import follow_ups as stored
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.follow_ups import FollowUp
from musterroll.usecases.accounts.hierarchy import account
from musterroll.usecases.audit import record as audit_record

LONGEST = 500  # characters of a comment


class Assignment(NamedTuple):
    assignee: str  # the name of a user
    due_on: date | None = None
    comment: str = ""
    done: bool = False


def follow_up(session: Session, ref: str, to: Assignment, actor: str, now: datetime) -> AuditChange | None:
    """Assign an account, or change its follow-up. Returns the change, or None if nothing changes.

    Raises NotFound for an unknown account, and Conflict for an unknown or disabled user or a new due date in the past.
    """
    account_id = account(session, ref).id or 0
    to = to._replace(assignee=to.assignee.strip(), comment=to.comment.strip())
    row = stored.of_account(session, account_id)
    known = None if row is None else Assignment(row.assignee, row.due_on, row.comment, row.done)
    if known == to:
        return None
    _check(session, known, to, now)
    change = audit_record.begin(session, actor=actor, kind="follow-up", subject=f"follow-up of account {ref}", now=now)
    if row is None:
        row = FollowUp(account_id=account_id, **to._asdict())
        session.add(row)
        session.flush()
        audit_record.added(session, change, "follow_up", [row.id or 0])
        return change
    with audit_record.watching(session, change, "follow_up", [row.id or 0]):
        for name, value in to._asdict().items():
            setattr(row, name, value)
    return change


def _check(session: Session, known: Assignment | None, to: Assignment, now: datetime) -> None:
    """What an earlier follow-up says already stays allowed: the person may have left, and the day may be over."""
    if (known is None or known.assignee != to.assignee) and ("\0" in to.assignee or not stored.is_user(session, to.assignee)):
        raise Conflict(f"there is no active user {to.assignee[:80]!r}; enter the name of a user", "no_user")
    if len(to.comment) > LONGEST or "\0" in to.comment:
        raise Conflict(f"a comment has at most {LONGEST} characters", "long_comment")
    changed = known is None or known.due_on != to.due_on
    if changed and to.due_on is not None and to.due_on < now.astimezone(UTC).date():
        raise Conflict(f"{in_words(to.due_on)} is in the past; enter a later due date", "past_day")
