"""The outbox: messages to send, their attempts, and retries by hand."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from musterroll.channels.delivery import DeliveryAttempt
from musterroll.domain.notifications.events import Event
from musterroll.domain.notifications.retry import MessageState, is_expired, retry_delay
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.storage.notifications import events as stored_events
from musterroll.storage.notifications import outbox as stored_outbox
from musterroll.storage.notifications.outbox import MessageWithRule
from musterroll.storage.tables.notifications import Notification, NotificationRule
from musterroll.usecases.notifications.attachments import attachments


def message(session: Session, message_id: int) -> MessageWithRule:
    """A message with its rule. Raises NotFound."""
    row = stored_outbox.message_with_rule(session, message_id)
    if row is None:
        raise NotFound(f"there is no message {message_id}")
    return row


def events(session: Session, message_id: int, limit: int) -> list[Event]:
    """The events that a message reports."""
    return stored_events.events_of_message(session, message_id, limit)


def retry(session: Session, message_id: int, now: datetime) -> Notification:
    """Retry a waiting or failed message now, for another three days. Raises NotFound, and Conflict if it was sent or cancelled."""
    notification = message(session, message_id).message
    if notification.state not in (MessageState.WAITING, MessageState.GIVEN_UP):
        raise Conflict(f"message {message_id} is already {notification.state.value}", "settled")
    notification.state, notification.next_at, notification.created_at, notification.attempts = (
        MessageState.WAITING,
        to_ms(now),
        to_ms(now),
        0,
    )
    return notification


def due(session: Session, now: datetime) -> bool:
    """Whether `begin_attempts` would find a message. Only reads."""
    return stored_outbox.any_due(session, to_ms(now))


def begin_attempts(session: Session, now: datetime, jitter: Sequence[float], public_url: str | None) -> list[DeliveryAttempt]:
    """The messages due, at most one for each number of `jitter` (0 to 1). Their next attempt is scheduled before this one is made.

    So a message whose process dies while sending is sent again later, with the same key, and never in a tight loop.
    """
    attempts = []
    for share, (message, rule) in zip(jitter, stored_outbox.due(session, to_ms(now), len(jitter)), strict=False):
        message.attempts += 1
        message.next_at = to_ms(now + retry_delay(message.attempts, share))
        attempts.append(_attempt(message, rule, public_url)._replace(attachments=attachments(session, message, rule)))
    return attempts


def _attempt(message: Notification, rule: NotificationRule, public_url: str | None) -> DeliveryAttempt:
    return DeliveryAttempt(
        message.id or 0,
        message.attempts,
        rule.way,
        message.address or rule.address,
        rule.secret,
        message.key,
        message.title,
        message.body,
        from_ms(message.created_at),
        public_url,
    )


def mark_sent(session: Session, attempt: DeliveryAttempt, now: datetime) -> None:
    """The receiver accepted it."""
    stored_outbox.finish_attempt(session, attempt.id, attempt.attempt, state=MessageState.SENT, sent_at=to_ms(now), error="")


def mark_failed(session: Session, attempt: DeliveryAttempt, reason: str, permanent: bool, now: datetime) -> None:
    """The receiver did not accept it: it is tried again, unless the failure is permanent or the message too old."""
    values: dict[str, object] = {"error": reason[:300]}
    if permanent or is_expired(now - attempt.created_at):
        values["state"] = MessageState.GIVEN_UP
    stored_outbox.finish_attempt(session, attempt.id, attempt.attempt, **values)
