"""Reminders to customers: what they are about, their texts, and when they are due."""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from string import Formatter
from typing import NamedTuple

from musterroll.domain.contacts.wording import ENGLISH, SHIPPED, Template, written
from musterroll.domain.values.errors import DomainError

LONGEST_SUBJECT, LONGEST_BODY, MOST_DAYS = 200, 5_000, 365


class ReminderKind(StrEnum):
    RENEWAL = "renewal"  # the term of a contract ends
    WARRANTY = "warranty"  # the warranty of units ends
    LIMIT = "limit"  # a limit of a contract line is near or reached


class ReminderState(StrEnum):
    WAITING = "waiting"  # for a person to release it
    RELEASED = "released"  # to the outbox
    DISMISSED = "dismissed"  # by a person
    LAPSED = "lapsed"  # its reason or the consent is gone


class ReminderRule(NamedTuple):
    """`lead_days` before, 0 for never; of a limit: any other number than 0. `releases`: without a person."""

    kind: ReminderKind
    lead_days: int
    releases: bool = False


DEFAULTS = {
    ReminderKind.RENEWAL: ReminderRule(ReminderKind.RENEWAL, 60),
    ReminderKind.WARRANTY: ReminderRule(ReminderKind.WARRANTY, 45),
    ReminderKind.LIMIT: ReminderRule(ReminderKind.LIMIT, 1),
}
_OF_ALL = ("name", "first_name", "last_name", "account")
PLACEHOLDERS: Mapping[ReminderKind, tuple[str, ...]] = {
    ReminderKind.RENEWAL: (*_OF_ALL, "contract", "last_day"),
    ReminderKind.WARRANTY: (*_OF_ALL, "site", "units", "month", "first_day"),
    ReminderKind.LIMIT: (*_OF_ALL, "contract", "line", "what", "used", "allowed", "left", "last_day"),
}
EXAMPLE = {
    **{"name": "Anna Vos", "first_name": "Anna", "last_name": "Vos", "account": "Umber Ltd", "site": "Essen 1"},
    **{"contract": "C-1", "line": "C-1/1", "units": "12", "what": "calls", "used": "4", "allowed": "5", "left": "1"},
    **{"last_day": "2027-03-14", "first_day": "2027-03-03", "month": "2027-03-01"},
}


def is_due(on: date, today: date, lead_days: int) -> bool:
    """
    >>> is_due(date(2026, 12, 31), date(2026, 12, 1), 30), is_due(date(2026, 12, 31), date(2026, 12, 1), 0)
    (True, False)
    """
    return bool(lead_days) and today <= on <= today + timedelta(lead_days)


def template_for(kind: ReminderKind, language: str, stored: Mapping[tuple[str, str], Template]) -> tuple[str, Template]:
    """The text in a language, else in English, with its language; what an admin has stored comes before what is shipped."""
    texts = {**SHIPPED, **stored}
    chosen = language if (kind.value, language) in texts else ENGLISH
    return chosen, texts[kind.value, chosen]


def checked(kind: ReminderKind, template: Template) -> Template:
    """A text that can be filled in. Raises DomainError."""
    subject, body = " ".join(template.subject.split()), template.body.replace("\r\n", "\n").strip()
    if not subject or not body:
        raise DomainError("a reminder needs a subject and a text", "empty_text")
    if len(subject) > LONGEST_SUBJECT or len(body) > LONGEST_BODY or "\0" in subject + body:
        raise DomainError(f"a subject has at most {LONGEST_SUBJECT} characters, a text {LONGEST_BODY:,}", "long_text")
    for text in (subject, body):
        _check_placeholders(kind, text)
    return Template(subject, body)


def filled(template: Template, facts: Mapping[str, str], language: str) -> Template:
    """The text with its values. A fact that is not known is left empty."""
    return Template(*(_filled(text, facts, language) for text in template))


def _filled(text: str, facts: Mapping[str, str], language: str) -> str:
    parts = [(literal, name and written(name, facts.get(name, ""), language)) for literal, name, _, _ in Formatter().parse(text)]
    return "".join(f"{literal}{value or ''}" for literal, value in parts)


def _check_placeholders(kind: ReminderKind, text: str) -> None:
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        raise DomainError("a brace is open or closed alone; write {{ or }} for a brace in the text", "bad_placeholder") from None
    for _, name, form, conversion in parts:
        if name is not None and (name not in PLACEHOLDERS[kind] or form or conversion):
            known = ", ".join(f"{{{known}}}" for known in PLACEHOLDERS[kind])
            raise DomainError(f"{{{name[:40]}}} is not a placeholder of this reminder; use {known}", "unknown_placeholder")
