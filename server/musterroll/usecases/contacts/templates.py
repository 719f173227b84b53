"""Texts of reminders in each language, and when each kind is due: set by admins, audited, undone as any change."""

from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.contacts.reminders import MOST_DAYS, ReminderKind, ReminderRule, checked
from musterroll.domain.contacts.wording import SHIPPED, Template
from musterroll.domain.values.errors import DomainError
from musterroll.readers.contacts import language as language_code
from musterroll.readers.fields import Hints
from musterroll.storage.contacts import reminders as stored
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.contacts import ReminderSetting, ReminderTemplate
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.contacts import due


class LanguageText(NamedTuple):
    """The text of a kind in a language; `shipped`: as the registry has it from the start."""

    kind: ReminderKind
    language: str
    text: Template
    shipped: bool


def texts(session: Session) -> list[LanguageText]:
    """Every text in use, by kind and language."""
    own, order = stored.templates(session), list(ReminderKind)
    known = {**SHIPPED, **own}.items()
    rows = [LanguageText(ReminderKind(kind), language, text, (kind, language) not in own) for (kind, language), text in known]
    return sorted(rows, key=lambda of: (order.index(of.kind), of.language))


def set_text(session: Session, kind: ReminderKind, language: str, text: Template, actor: str, now: datetime) -> AuditChange | None:
    """Store a text; the shipped one puts that back. Returns the change, None if nothing changes. Raises DomainError."""
    code, text = language_code("language", language, Hints()), checked(kind, text)
    row, shipped = stored.template_row(session, kind, code), SHIPPED.get((kind.value, code))
    if text == (Template(row.subject, row.body) if row else shipped):
        return None
    change = audit_record.begin(session, actor=actor, kind="reminder", subject=f"text of {kind} reminders in {code}", now=now)
    if row is None:
        row = ReminderTemplate(kind=kind, language=code, subject=text.subject, body=text.body)
        session.add(row)
        session.flush()
        audit_record.added(session, change, "reminder_template", [row.id or 0])
        return change
    with audit_record.watching(session, change, "reminder_template", [row.id or 0]):
        if text == shipped:
            session.delete(row)
        else:
            row.subject, row.body = text
    return change


def remove_text(session: Session, kind: ReminderKind, language: str, actor: str, now: datetime) -> AuditChange | None:
    """Go back to the shipped text or, where none is shipped, the English one. Returns the change, None if nothing changes."""
    code = language_code("language", language, Hints())
    row = stored.template_row(session, kind, code)
    if row is None:
        return None
    change = audit_record.begin(session, actor=actor, kind="reminder", subject=f"text of {kind} reminders in {code} removed", now=now)
    with audit_record.watching(session, change, "reminder_template", [row.id or 0]):
        session.delete(row)
    return change


def set_rule(session: Session, rule: ReminderRule, actor: str, now: datetime) -> AuditChange | None:
    """Set when a kind is due and whether it goes out by itself. Returns the change, None if nothing changes. Raises DomainError."""
    if not 0 <= rule.lead_days <= MOST_DAYS:
        raise DomainError(f"the days before must be from 0 to {MOST_DAYS}; 0 turns these reminders off", "out_of_range")
    if due.effective_rules(session)[rule.kind] == rule:
        return None
    due.look_again(session)
    row = stored.settings(session).get(rule.kind)
    change = audit_record.begin(session, actor=actor, kind="reminder", subject=f"rule of {rule.kind} reminders", now=now)
    if row is None:
        row = ReminderSetting(**rule._asdict())
        session.add(row)
        session.flush()
        audit_record.added(session, change, "reminder_setting", [row.id or 0])
        return change
    with audit_record.watching(session, change, "reminder_setting", [row.id or 0]):
        row.lead_days, row.releases = rule.lead_days, rule.releases
    return change
