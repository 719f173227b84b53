"""Notifications in words: kinds of signals, when a rule speaks, what became of a message."""

from typing import NamedTuple

from flask import Flask

from musterroll.domain.notifications.events import Kind
from musterroll.domain.notifications.retry import MessageState
from musterroll.domain.notifications.schedule import Pace, Way
from musterroll.storage.tables.notifications import NotificationRule

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Word(NamedTuple):
    name: str
    means: str
    icon: str


KINDS = {
    Kind.STALE: Word("Fell silent", "units gone stale, grouped by site", "volume-off"),
    Kind.REVIVED: Word("Came back", "silent units heard again", "heartbeat"),
    Kind.DECLINING: Word("Declining", "use fell to less than half of what the unit did before", "trending-down"),
    Kind.WARRANTY_ENDING: Word("Warranty ends", "by site and day, at the lead times below", "shield-x"),
    Kind.CONTRACT_ENDING: Word("Contract ends", "or renews itself, at the lead times below", "calendar-event"),
    Kind.NOTICE_DUE: Word("Notice due", "the last day to stop a renewal, at the lead times below", "clock-exclamation"),
    Kind.FINDING_OPENED: Word("Findings", "new disagreements of paper and fleet", "scale"),
    Kind.ENROLMENT_PENDING: Word("Enrolment waits", "another device asks for a known serial", "user-question"),
    Kind.CLONE_SUSPECTED: Word("Clone suspected", "and the first one still operates", "copy"),
    Kind.IMPORT_FAILED: Word("Import refused", "rows of a document were refused", "file-import"),
    Kind.INGEST_DEAF: Word("Registry deaf", "nothing is heard from the broker", "cloud-off"),
    Kind.INGEST_HEARS: Word("Hearing again", "the broker is heard again", "circle-check"),
    Kind.AUDIT_BROKEN: Word("Audit broken", "an entry is not as it was written", "alert-triangle"),
}
STATES = {
    MessageState.WAITING: Word("Waiting", "late", "clock-exclamation"),
    MessageState.SENT: Word("Sent", "operating", "circle-check"),
    MessageState.GIVEN_UP: Word("Given up", "stale", "alert-triangle"),
    MessageState.DROPPED: Word("Dropped", "never_heard", "ban"),
}
WAYS = {Way.EMAIL: "E-mail", Way.WEBHOOK: "Webhook"}
PACES = {Pace.IMMEDIATE: "at once", Pace.DAILY: "once a day", Pace.WEEKLY: "once a week"}


def when(rule: NotificationRule) -> str:
    """When a rule speaks, as one phrase.

    >>> from datetime import datetime
    >>> made = dict(name="x", way=Way.EMAIL, address="", created_at=datetime(2026, 1, 1), created_by="")
    >>> when(NotificationRule(**made, pace=Pace.IMMEDIATE, gather_minutes=5, quiet_from=1320, quiet_until=360, zone="Europe/Berlin"))
    'at once, gathered for 5 minutes; quiet from 22:00 to 06:00 (Europe/Berlin)'
    """
    if rule.pace is Pace.IMMEDIATE:
        gathered = f", gathered for {rule.gather_minutes} minute{'' if rule.gather_minutes == 1 else 's'}" if rule.gather_minutes else ""
        said = f"at once{gathered}"
    else:
        said = f"{'every day' if rule.pace is Pace.DAILY else f'every {DAYS[rule.weekday]}'} at {rule.hour:02}:00"
    quiet = "" if rule.quiet_from is None else f"; quiet from {clock_word(rule.quiet_from)} to {clock_word(rule.quiet_until or 0)}"
    return f"{said}{quiet}" + ("" if rule.pace is Pace.IMMEDIATE and not quiet else f" ({rule.zone})")


def clock_word(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def install(app: Flask) -> None:
    app.jinja_env.globals.update(signal_words=KINDS, message_states=STATES, ways=WAYS, rule_when=when)
