"""Reminders to customers: held in a list until a person releases them, or released by a rule that an admin has turned on."""

import json
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.contacts import links
from musterroll.domain.contacts.reminders import ReminderKind, ReminderState, filled, template_for
from musterroll.domain.contacts.wording import Template
from musterroll.domain.notifications.schedule import Frequency
from musterroll.domain.units.serials import new_uid
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage.contacts import links as stored_links
from musterroll.storage.contacts import reminders as stored
from musterroll.storage.notifications import outbox as stored_outbox
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.contacts import Reminder
from musterroll.storage.tables.notifications import Notification
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.contacts import contacts, due

AT_ONCE = 500  # released in one transaction
SCHEDULE = "schedule"
UNSUBSCRIBED = "unsubscribe link"


class Released(NamedTuple):
    """How many went to the outbox, how many lapsed as the consent is gone, and how many still wait."""

    sent: int
    lapsed: int
    waiting: int


def release(session: Session, ids: Collection[int] | None, actor: str, public_url: str | None, now: datetime) -> Released:
    """Send these reminders, or all that wait (`AT_ONCE` at a time). Raises Conflict without a public address for their links."""
    return _release(session, stored.to_decide(session, ids, None, AT_ONCE), actor, public_url, now)


def any_to_release(session: Session, public_url: str | None) -> bool:
    """Whether `release_by_rule` would send anything. Only reads."""
    return bool(public_url and (kinds := _released_kinds(session)) and stored.any_waiting(session, kinds))


def release_by_rule(session: Session, public_url: str | None, now: datetime) -> Released:
    """Send those that an admin lets go out by themselves. Raises as `release`."""
    return _release(session, stored.to_decide(session, None, _released_kinds(session), AT_ONCE), SCHEDULE, public_url, now)


def _released_kinds(session: Session) -> list[ReminderKind]:
    return [rule.kind for rule in due.effective_rules(session).values() if rule.releases]


def dismiss(session: Session, ids: Collection[int], actor: str, now: datetime) -> int:
    """Do not send these; they do not come again. Returns how many."""
    rows = stored.to_decide(session, ids, None, AT_ONCE)
    for row in rows:
        row.state, row.decided_at, row.decided_by = ReminderState.DISMISSED, now, actor
    if rows:
        _note(session, f"{_counted(len(rows))} dismissed", actor, now)
    return len(rows)


def unsubscribe(session: Session, token: str, now: datetime) -> AuditChange | None:
    """End e-mails to the address that a link was sent to. Returns the change, None if it was so already. Raises NotFound."""
    email = address_of(session, token)
    stored_outbox.cancel_for(session, email)
    due.look_again(session)
    return contacts.withdraw_consent(session, email, UNSUBSCRIBED, now)


def address_of(session: Session, token: str) -> str:
    """The address that an unsubscribe link was sent to. Raises NotFound."""
    key = stored_links.key(session, links.UNSUBSCRIBE)
    subject = links.subject_of(key, links.UNSUBSCRIBE, token) if key else None
    reminder = stored.get(session, int(subject)) if subject else None
    if reminder is None:
        raise NotFound("this link is not valid; write to the sender to get no more e-mails")
    return reminder.email


def _release(session: Session, rows: list[Reminder], actor: str, public_url: str | None, now: datetime) -> Released:
    if public_url is None:
        raise Conflict(
            "reminders carry a link to unsubscribe; set MUSTERROLL_PUBLIC_URL to the address that customers reach", "no_public_url"
        )
    allowed = stored.still_consenting(session, {row.email for row in rows})
    key, rule_id = stored_links.key_for_signing(session, links.UNSUBSCRIBE, now), _outbox_rule(session, now)
    templates, sent = stored.templates(session), 0
    for row in rows:
        row.decided_at, row.decided_by = now, actor
        if row.email not in allowed:
            row.state = ReminderState.LAPSED
            continue
        language, template = template_for(row.kind, row.language, templates)
        message = _message(row, filled(template, row.facts, language), language, key, rule_id, now)
        session.add(message)
        session.flush()
        row.state, row.notification_id, sent = ReminderState.RELEASED, message.id, sent + 1
    if rows:
        _note(session, f"{_counted(sent)} released", actor, now)
    session.flush()
    return Released(sent, len(rows) - sent, stored.waiting(session))


def _message(row: Reminder, text: Template, language: str, key: str, rule_id: int, now: datetime) -> Notification:
    link = f"/unsubscribe/{links.token(key, links.UNSUBSCRIBE, str(row.id))}"
    body = {"text": text.body, "language": language, "unsubscribe": link}
    return Notification(
        rule_id=rule_id,
        address=row.email,
        key=f"msg_{new_uid()}",
        title=text.subject[:300],
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        created_at=to_ms(now),
        next_at=to_ms(now),
    )


def _outbox_rule(session: Session, now: datetime) -> int:
    known = stored.outbox_rule(session)
    if known is not None:
        return known
    rule = stored.new_outbox_rule(way="email", address="each contact", pace=Frequency.IMMEDIATE, created_at=now)
    session.add(rule)
    session.flush()
    return rule.id or 0


def _note(session: Session, subject: str, actor: str, now: datetime) -> None:
    audit_record.begin(session, actor=actor, kind="reminder", subject=subject, now=now)


def _counted(number: int) -> str:
    return f"{number:,} reminder{'' if number == 1 else 's'}"
