"""The outbox: messages made once, sent until taken or given up."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select, update
from sqlmodel import Session, col

from musterroll.domain.notifications.retry import MessageState
from musterroll.storage.tables.notifications import EventRow, Notification, NotificationRule, RuleEvent

_N = Notification


class Sent(NamedTuple):
    """A message with its rule, for lists."""

    message: Notification
    rule: NotificationRule


def rules(session: Session) -> list[NotificationRule]:
    """Every rule that is not removed, by name."""
    r = NotificationRule
    return list(session.scalars(select(r).where(col(r.removed_at).is_(None)).order_by(col(r.name), col(r.id))))


def speaking(session: Session) -> list[NotificationRule]:
    """The rules that are neither removed nor paused, their rows locked: one transaction at a time speaks for them."""
    r = NotificationRule
    found = select(r).where(col(r.removed_at).is_(None), col(r.paused_at).is_(None)).order_by(col(r.id))
    return list(session.scalars(found.with_for_update()))


def due(session: Session, at: int, limit: int) -> list[Sent]:
    """Messages to be tried by `at` (ms), the longest due first, locked; those that another transaction holds are left to it."""
    query = _DUE.where(col(_N.next_at) <= at).order_by(col(_N.next_at), col(_N.id)).limit(limit)
    return [Sent(row[0], row[1]) for row in session.execute(query.with_for_update(of=_N, skip_locked=True))]


def any_due(session: Session, at: int) -> bool:
    """Whether some message is to be tried by `at` (ms)."""
    return session.execute(_DUE.where(col(_N.next_at) <= at).limit(1)).first() is not None


_DUE = (
    select(_N, NotificationRule)
    .join(NotificationRule, col(NotificationRule.id) == col(_N.rule_id))
    .where(col(_N.state) == MessageState.WAITING, col(NotificationRule.paused_at).is_(None))
)


def settle(session: Session, message_id: int, attempt: int, **values: Any) -> bool:
    """Write what came of an attempt, unless a later one was begun or the message is settled already."""
    mine = (col(_N.id) == message_id, col(_N.attempts) == attempt, col(_N.state) == MessageState.WAITING)
    done: Any = session.execute(update(_N).where(*mine).values(**values))
    return bool(done.rowcount)


def drop(session: Session, rule_id: int) -> None:
    """What a rule has not sent yet goes nowhere."""
    mine = (col(_N.rule_id) == rule_id, col(_N.state) == MessageState.WAITING)
    session.execute(update(_N).where(*mine).values(state=MessageState.DROPPED))
    session.execute(delete(RuleEvent).where(col(RuleEvent.rule_id) == rule_id, col(RuleEvent.notification_id).is_(None)))


def page(session: Session, state: MessageState | None, rule_id: int | None, before: int | None, limit: int) -> list[Sent]:
    """Messages, newest first, behind row `before`."""
    query = select(_N, NotificationRule).join(NotificationRule, col(NotificationRule.id) == col(_N.rule_id))
    if state is not None:
        query = query.where(col(_N.state) == state)
    if rule_id is not None:
        query = query.where(col(_N.rule_id) == rule_id)
    if before is not None:
        query = query.where(col(_N.id) < before)
    return [Sent(row[0], row[1]) for row in session.execute(query.order_by(col(_N.id).desc()).limit(limit))]


def one(session: Session, message_id: int) -> Sent | None:
    query = select(_N, NotificationRule).join(NotificationRule, col(NotificationRule.id) == col(_N.rule_id))
    row = session.execute(query.where(col(_N.id) == message_id)).one_or_none()
    return None if row is None else Sent(row[0], row[1])


class Backlog(NamedTuple):
    """Messages that wait: how many, how many of them failed before, and since when (ms) the oldest does."""

    waiting: int
    failing: int
    oldest: int | None


def backlog(session: Session) -> Backlog:
    failed = func.count().filter(col(_N.attempts) > 0, col(_N.error) != "")
    row = session.execute(select(func.count(), failed, func.min(col(_N.created_at))).where(col(_N.state) == MessageState.WAITING)).one()
    return Backlog(*row)


def latest(session: Session, rule_ids: Sequence[int]) -> dict[int, Notification]:
    """The newest message of each of these rules that has one."""
    last = select(func.max(col(_N.id))).where(col(_N.rule_id).in_(rule_ids)).group_by(col(_N.rule_id))
    return {row.rule_id: row for row in session.scalars(select(_N).where(col(_N.id).in_(last)))}


def forget(session: Session, before: int) -> None:
    """Signals and messages from before an instant (ms) are told or given up, and of no more use."""
    old = select(col(EventRow.id)).where(col(EventRow.taken_at) < before)
    session.execute(delete(RuleEvent).where(col(RuleEvent.event_id).in_(old), col(RuleEvent.notification_id).is_not(None)))
    session.execute(delete(EventRow).where(col(EventRow.taken_at) < before, col(EventRow.id).not_in(select(col(RuleEvent.event_id)))))
    session.execute(delete(_N).where(col(_N.created_at) < before, col(_N.state) != MessageState.WAITING))
