"""Words for notifications: kinds of events, how often a rule sends, the state of a message."""

from typing import NamedTuple

from flask import Flask

from musterroll.channels import CHANNELS
from musterroll.domain.notifications.events import EventKind
from musterroll.domain.notifications.retry import MessageState
from musterroll.domain.notifications.schedule import Frequency
from musterroll.storage.tables.notifications import NotificationRule

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Wording(NamedTuple):
    name: str
    means: str
    icon: str


EVENT_KINDS = {
    EventKind.QUIET: Wording("Unusually quiet", "units are silent for longer than is usual for them, before they are stale", "moon"),
    EventKind.STALE: Wording("Units silent", "units became stale, grouped by site", "volume-off"),
    EventKind.REVIVED: Wording("Reporting again", "stale units are reporting again", "heartbeat"),
    EventKind.OUTAGE_OPENED: Wording(
        "Outage", "units of one site, account or firmware fell silent together; sent with Units silent", "cloud-off"
    ),
    EventKind.OUTAGE_CLOSED: Wording(
        "Outage over", "the units of an outage are reporting again; sent with Reporting again", "circle-check"
    ),
    EventKind.DECLINING: Wording("Declining usage", "a unit fell to less than half of its usual activity", "trending-down"),
    EventKind.WARRANTY_ENDING: Wording("Warranty ending", "grouped by site and day, at the lead times below", "shield-x"),
    EventKind.CONTRACT_ENDING: Wording("Contract ending", "expires or auto-renews, at the lead times below", "calendar-event"),
    EventKind.NOTICE_DUE: Wording(
        "Notice deadline", "last day to give notice before auto-renewal, at the lead times below", "clock-exclamation"
    ),
    EventKind.FINDING_OPENED: Wording("New findings", "records and fleet disagree", "scale"),
    EventKind.TARGET_CROSSED: Wording("Target crossed", "a figure went below or above its target, or is back at it", "target"),
    EventKind.REVIEW_PACK: Wording(
        "Review pack", "the review pack of a month or quarter is ready: attached to an e-mail, otherwise with a link", "file-text"
    ),
    EventKind.LIMIT_USED: Wording(
        "Contract limit used", "80 % or all of it is used; says how long it lasts at this pace", "clock-exclamation"
    ),
    EventKind.SEGMENT_ENTERED: Wording("Segment entered", "an account is new in a segment", "filter"),
    EventKind.SEGMENT_HANDED_OVER: Wording("Segment handed over", "a person handed over a segment to receivers of events", "filter"),
    EventKind.ENROLMENT_PENDING: Wording("Enrolment pending", "another device requests enrolment with a known serial", "user-question"),
    EventKind.CLONE_SUSPECTED: Wording("Suspected clone", "another device requests enrolment while the enrolled one is operating", "copy"),
    EventKind.CREDENTIAL_COPIED: Wording("Copied credential", "two or more devices report as one unit", "copy"),
    EventKind.STATE_WENT_BACK: Wording("State went back", "a device starts from an older copy of its state", "arrow-back-up"),
    EventKind.FOREIGN_IDENTITY: Wording("Other identity", "a device reports a serial or model it was not enrolled with", "user-question"),
    EventKind.DEVICE_FAULT: Wording("Device fault", "a device reports a failing disk, lost messages or refused settings", "tool"),
    EventKind.IMPORT_FAILED: Wording("Import rejected", "rows of an imported file were rejected", "file-import"),
    EventKind.IMPORT_INTERRUPTED: Wording("Import interrupted", "an import or its undo ended in the middle", "file-import"),
    EventKind.SOURCE_WAITING: Wording("Source waiting", "a document of a source waits for approval", "file-import"),
    EventKind.SOURCE_FAILING: Wording("Source failing", "a source cannot be fetched", "cloud-off"),
    EventKind.INGEST_NOT_RECEIVING: Wording("Registry not receiving", "no messages arrive from the broker", "cloud-off"),
    EventKind.INGEST_RECEIVING: Wording("Registry receiving again", "messages from the broker arrive again", "circle-check"),
    EventKind.CLOCK_JUMPED: Wording(
        "Clock jumped", "the registry's clock was set back; what was recorded ahead of it is void", "clock-exclamation"
    ),
    EventKind.AUDIT_BROKEN: Wording("Audit log altered", "an entry was changed or is missing", "alert-triangle"),
}
MESSAGE_STATES = {
    MessageState.WAITING: Wording("Queued", "late", "clock-exclamation"),
    MessageState.SENT: Wording("Sent", "operating", "circle-check"),
    MessageState.GIVEN_UP: Wording("Failed", "stale", "alert-triangle"),
    MessageState.DROPPED: Wording("Cancelled", "never_heard", "ban"),
}
FREQUENCIES = {Frequency.IMMEDIATE: "immediately", Frequency.DAILY: "daily", Frequency.WEEKLY: "weekly"}


def frequency_phrase(rule: NotificationRule) -> str:
    """How often and when a rule sends, as one phrase.

    >>> from datetime import datetime
    >>> fields = dict(name="x", way="email", address="", created_at=datetime(2026, 1, 1), created_by="")
    >>> quiet = dict(quiet_from=1320, quiet_until=360, zone="Europe/Berlin")
    >>> frequency_phrase(NotificationRule(**fields, pace=Frequency.IMMEDIATE, gather_minutes=5, **quiet))
    'immediately, grouped for 5 minutes; quiet hours 22:00 to 06:00 (Europe/Berlin)'
    """
    if rule.pace is Frequency.IMMEDIATE:
        gathered = f", grouped for {rule.gather_minutes} minute{'' if rule.gather_minutes == 1 else 's'}" if rule.gather_minutes else ""
        phrase = f"immediately{gathered}"
    else:
        phrase = f"{'daily' if rule.pace is Frequency.DAILY else f'every {DAYS[rule.weekday]}'} at {rule.hour:02}:00"
    quiet = "" if rule.quiet_from is None else f"; quiet hours {clock_time(rule.quiet_from)} to {clock_time(rule.quiet_until or 0)}"
    return f"{phrase}{quiet}" + ("" if rule.pace is Frequency.IMMEDIATE and not quiet else f" ({rule.zone})")


def clock_time(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def install(app: Flask) -> None:
    app.jinja_env.globals.update(event_words=EVENT_KINDS, message_states=MESSAGE_STATES, channels=CHANNELS, rule_frequency=frequency_phrase)
