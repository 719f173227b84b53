"""The outbox as senders work through it and people look at it."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.notifications.events import Event
from musterroll.domain.notifications.retry import MessageState, hopeless, pause
from musterroll.domain.notifications.schedule import Way
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.storage.notifications import events as stored_events
from musterroll.storage.notifications import outbox as stored_outbox
from musterroll.storage.notifications.outbox import Sent
from musterroll.storage.tables.notifications import Notification


def message(session: Session, message_id: int) -> Sent:
    """A message with its rule. Raises NotFound."""
    found = stored_outbox.one(session, message_id)
    if found is None:
        raise NotFound(f"there is no message {message_id}")
    return found


def events(session: Session, message_id: int, limit: int) -> list[Event]:
    """What a message told."""
    return stored_events.told(session, message_id, limit)


def retry(session: Session, message_id: int, now: datetime) -> Notification:
    """Have a message that waits or was given up tried now, for another three days. Raises NotFound, and Conflict where it was sent."""
    found = message(session, message_id).message
    if found.state not in (MessageState.WAITING, MessageState.GIVEN_UP):
        raise Conflict(f"message {message_id} is already {found.state.value}", "settled")
    found.state, found.next_at, found.created_at, found.attempts = MessageState.WAITING, to_ms(now), to_ms(now), 0
    return found


class Letter(NamedTuple):
    """One attempt to send one message."""

    id: int
    attempt: int
    way: Way
    address: str
    secret: str
    key: str
    title: str
    body: str
    created_at: datetime


def due(session: Session, now: datetime) -> bool:
    """Whether `take` would find a message. Only reads."""
    return stored_outbox.any_due(session, to_ms(now))


def take(session: Session, now: datetime, luck: Sequence[float]) -> list[Letter]:
    """The messages due, at most one for each number of `luck` (0 to 1); their next attempt is set before this one is made.

    So a process that dies while sending sends again later, under the same id, and never at once for ever.
    """
    found = []
    for chance, (one, rule) in zip(luck, stored_outbox.due(session, to_ms(now), len(luck)), strict=False):
        one.attempts += 1
        one.next_at = to_ms(now + pause(one.attempts, chance))
        created = from_ms(one.created_at)
        found.append(Letter(one.id or 0, one.attempts, rule.way, rule.address, rule.secret, one.key, one.title, one.body, created))
    return found


def sent(session: Session, letter: Letter, now: datetime) -> None:
    """The other side took it."""
    stored_outbox.settle(session, letter.id, letter.attempt, state=MessageState.SENT, sent_at=to_ms(now), error="")


def failed(session: Session, letter: Letter, reason: str, for_good: bool, now: datetime) -> None:
    """The other side did not take it: it is tried again, unless that is hopeless."""
    values: dict[str, object] = {"error": reason[:300]}
    if for_good or hopeless(now - letter.created_at):
        values["state"] = MessageState.GIVEN_UP
    stored_outbox.settle(session, letter.id, letter.attempt, **values)
