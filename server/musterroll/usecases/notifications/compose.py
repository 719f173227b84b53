"""Assigning events to rules and queueing messages: one message of each rule reports an event."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from musterroll.channels import channel_named
from musterroll.channels.channel import Draft
from musterroll.domain.notifications.events import Event
from musterroll.domain.notifications.schedule import Frequency, SendingHours, is_due, last_digest
from musterroll.domain.notifications.wording import compose
from musterroll.domain.units.serials import new_uid
from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.storage.notifications import events as stored_events
from musterroll.storage.notifications import outbox as stored_outbox
from musterroll.storage.tables.notifications import Notification, NotificationRule

_KEPT = timedelta(days=400)


def queue_due(session: Session, now: datetime) -> list[Notification]:
    """Assign the new events to rules and queue the messages that are due, all in this transaction."""
    rules = stored_outbox.active_rules(session)
    stored_events.assign_to_rules(session, rules, to_ms(now))
    by_id = {rule.id: rule for rule in rules}
    messages: list[Notification] = []
    for pending in stored_events.pending_by_rule(session):
        rule = by_id.get(pending.rule_id)
        if rule is not None and is_due(sending_hours(rule), from_ms(rule.told_until), from_ms(pending.first), from_ms(pending.last), now):
            messages += _queue_pending(session, rule, now)
    for rule in rules:
        # A digest held back by quiet hours is still to be sent; one without events is done.
        if rule.pace is not Frequency.IMMEDIATE and not stored_events.pending_events(session, rule.id or 0, 1):
            rule.told_until = max(rule.told_until, to_ms(last_digest(sending_hours(rule), now)))
    return messages


def _queue_pending(session: Session, rule: NotificationRule, now: datetime) -> list[Notification]:
    messages = []
    while events := stored_events.pending_events(session, rule.id or 0, channel_named(rule.way).max_events):
        messages.append(queue_message(session, rule, events, now))
        stored_events.assign_to_message(session, rule.id or 0, [event.id for event in events], messages[-1].id or 0)
    return messages


def queue_message(session: Session, rule: NotificationRule, events: Sequence[Event], now: datetime, *, test: bool = False) -> Notification:
    """Write one message to the outbox, with the key and text it keeps at every attempt."""
    message = compose(events, rule.zone)
    title = f"Test: {message.title}" if test else message.title
    key = f"msg_{new_uid()}"
    body = channel_named(rule.way).body(Draft(key, title, rule.name, message, events, now))
    notification = Notification(
        rule_id=rule.id or 0,
        key=key,
        title=title[:300],
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        signals=len(events),
        test=test,
        created_at=to_ms(now),
        next_at=to_ms(now),
    )
    session.add(notification)
    session.flush()
    return notification


def sending_hours(rule: NotificationRule) -> SendingHours:
    """When a rule sends."""
    quiet = None if rule.quiet_from is None or rule.quiet_until is None else (rule.quiet_from, rule.quiet_until)
    return SendingHours(Frequency(rule.pace), timedelta(minutes=rule.gather_minutes), rule.hour, rule.weekday, rule.zone, quiet)


def delete_old(session: Session, now: datetime) -> None:
    """Delete events and messages more than a year old."""
    stored_outbox.delete_old(session, to_ms(now - _KEPT))
