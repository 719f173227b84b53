"""The outbox: messages written once, sent until accepted or given up."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select, update
from sqlmodel import Session, col

from musterroll.domain.notifications.retry import MessageState
from musterroll.storage.tables.notifications import EventRow, Notification, NotificationRule, RuleEvent

_N = Notification


class MessageWithRule(NamedTuple):
    """A message with its rule, for lists."""

    message: Notification
    rule: NotificationRule


def rules(session: Session) -> list[NotificationRule]:
    """Every rule of people that is not removed, by name."""
    r = NotificationRule
    rows = session.scalars(select(r).where(col(r.removed_at).is_(None)).order_by(col(r.name), col(r.id)))
    return [row for row in rows if row.kinds]  # messages to customers are under a rule without events


def active_rules(session: Session) -> list[NotificationRule]:
    """The rules that are neither removed nor paused. Their rows are locked, so that one transaction at a time queues their messages."""
    r = NotificationRule
    query = select(r).where(col(r.removed_at).is_(None), col(r.paused_at).is_(None)).order_by(col(r.id))
    return list(session.scalars(query.with_for_update()))


def due(session: Session, at: int, limit: int) -> list[MessageWithRule]:
    """Messages due by `at` (ms), the longest due first, locked; rows that another transaction has locked are skipped."""
    query = _DUE.where(col(_N.next_at) <= at).order_by(col(_N.next_at), col(_N.id)).limit(limit)
    return [MessageWithRule(row[0], row[1]) for row in session.execute(query.with_for_update(of=_N, skip_locked=True))]


def any_due(session: Session, at: int) -> bool:
    """Whether any message is due by `at` (ms)."""
    return session.execute(_DUE.where(col(_N.next_at) <= at).limit(1)).first() is not None


_DUE = (
    select(_N, NotificationRule)
    .join(NotificationRule, col(NotificationRule.id) == col(_N.rule_id))
    .where(col(_N.state) == MessageState.WAITING, col(NotificationRule.paused_at).is_(None))
)


def finish_attempt(session: Session, message_id: int, attempt: int, **values: Any) -> bool:
    """Store the result of an attempt, unless a later one has begun or the message is no longer waiting. Returns whether it was stored."""
    mine = (col(_N.id) == message_id, col(_N.attempts) == attempt, col(_N.state) == MessageState.WAITING)
    updated: Any = session.execute(update(_N).where(*mine).values(**values))
    return bool(updated.rowcount)


def cancel_pending(session: Session, rule_id: int) -> None:
    """Cancel what a rule has not sent yet."""
    mine = (col(_N.rule_id) == rule_id, col(_N.state) == MessageState.WAITING)
    session.execute(update(_N).where(*mine).values(state=MessageState.DROPPED))
    session.execute(delete(RuleEvent).where(col(RuleEvent.rule_id) == rule_id, col(RuleEvent.notification_id).is_(None)))


def page(session: Session, state: MessageState | None, rule_id: int | None, before: int | None, limit: int) -> list[MessageWithRule]:
    """Messages, newest first, those before row `before`."""
    query = select(_N, NotificationRule).join(NotificationRule, col(NotificationRule.id) == col(_N.rule_id))
    if state is not None:
        query = query.where(col(_N.state) == state)
    if rule_id is not None:
        query = query.where(col(_N.rule_id) == rule_id)
    if before is not None:
        query = query.where(col(_N.id) < before)
    return [MessageWithRule(row[0], row[1]) for row in session.execute(query.order_by(col(_N.id).desc()).limit(limit))]


def message_with_rule(session: Session, message_id: int) -> MessageWithRule | None:
    query = select(_N, NotificationRule).join(NotificationRule, col(NotificationRule.id) == col(_N.rule_id))
    row = session.execute(query.where(col(_N.id) == message_id)).one_or_none()
    return None if row is None else MessageWithRule(row[0], row[1])


class Backlog(NamedTuple):
    """Queued messages: how many, how many of them after a failed attempt, and since when (ms) the oldest waits."""

    waiting: int
    failing: int
    oldest: int | None


def backlog(session: Session) -> Backlog:
    failed = func.count().filter(col(_N.attempts) > 0, col(_N.error) != "")
    row = session.execute(select(func.count(), failed, func.min(col(_N.created_at))).where(col(_N.state) == MessageState.WAITING)).one()
    return Backlog(*row)


def latest_by_rule(session: Session, rule_ids: Sequence[int]) -> dict[int, Notification]:
    """The newest message of each of these rules that has one."""
    last = select(func.max(col(_N.id))).where(col(_N.rule_id).in_(rule_ids)).group_by(col(_N.rule_id))
    return {row.rule_id: row for row in session.scalars(select(_N).where(col(_N.id).in_(last)))}


def delete_old(session: Session, before: int) -> None:
    """Delete the events and messages from before an instant (ms), except those still waiting."""
    old = select(col(EventRow.id)).where(col(EventRow.taken_at) < before)
    session.execute(delete(RuleEvent).where(col(RuleEvent.event_id).in_(old), col(RuleEvent.notification_id).is_not(None)))
    session.execute(delete(EventRow).where(col(EventRow.taken_at) < before, col(EventRow.id).not_in(select(col(RuleEvent.event_id)))))
    session.execute(delete(_N).where(col(_N.created_at) < before, col(_N.state) != MessageState.WAITING))


def cancel_for(session: Session, address: str) -> None:
    """Cancel what has not been sent yet to this address, of messages that name one."""
    waiting = (col(_N.address) == address, col(_N.state) == MessageState.WAITING)
    session.execute(update(_N).where(*waiting).values(state=MessageState.DROPPED))
