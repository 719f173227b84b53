"""Notification rules: create, change, pause, remove, test."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlmodel import Session

from musterroll.channels import CHANNELS, ChannelSettings, channel_named
from musterroll.domain.findings.kinds import FindingKind
from musterroll.domain.notifications.events import LEADS, Event, EventKind
from musterroll.domain.notifications.schedule import Frequency
from musterroll.domain.values.errors import Conflict, DomainError, NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage.notifications import outbox as stored_outbox
from musterroll.storage.tables.notifications import Notification, NotificationRule
from musterroll.usecases.accounts.hierarchy import account_named
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.notifications import compose

_TABLE = "notification_rule"


class RuleDraft(NamedTuple):
    """A rule as entered. `account`: its number; includes its subsidiaries. `quiet`: minutes of the day. `segments`: those that exist."""

    name: str
    way: str  # name of a channel
    address: str
    kinds: Sequence[str]
    finding_kinds: Sequence[str] = ()
    least_worth: Decimal | None = None
    leads: Sequence[int] = (30, 7)
    account: str = ""
    pace: Frequency = Frequency.IMMEDIATE
    gather_minutes: int = 5
    hour: int = 7
    weekday: int = 0
    zone: str = "UTC"
    quiet: tuple[int, int] | None = None
    segments: Sequence[str] = ()  # keys


def create_rule(session: Session, draft: RuleDraft, actor: str, now: datetime) -> tuple[NotificationRule, str | None]:
    """A new rule and, if its channel signs messages, the secret, shown only once. Raises DomainError and NotFound."""
    signing = channel_named(draft.way).secret
    secret = signing.create() if signing else ""
    rule = NotificationRule(**_columns(session, draft), secret=secret, told_until=to_ms(now), created_at=now, created_by=actor[:120])
    change = audit_record.begin(session, actor=actor, kind="notification", subject=f"notification rule {rule.name} created", now=now)
    session.add(rule)
    session.flush()
    audit_record.added(session, change, _TABLE, [rule.id or 0])
    return rule, secret or None


def change_rule(session: Session, rule_id: int, draft: RuleDraft, actor: str, now: datetime) -> NotificationRule:
    """Change a rule; its pending events stay pending. Raises DomainError and NotFound, and Conflict for another channel."""
    rule = rule_by_id(session, rule_id)
    if rule.way != draft.way:
        raise Conflict("the channel of a rule cannot be changed; create another rule for the other channel", "other_way")
    change = audit_record.begin(session, actor=actor, kind="notification", subject=f"notification rule {rule.name} changed", now=now)
    columns = _columns(session, draft)
    if columns["pace"] is not rule.pace:
        rule.told_until = to_ms(now)  # the first digest is the next one
    with audit_record.watching(session, change, _TABLE, [rule_id]):
        for name, value in columns.items():
            setattr(rule, name, value)
    return rule


def pause_rule(session: Session, rule_id: int, paused: bool, actor: str, now: datetime) -> None:
    """Pause or resume a rule; what happens while it is paused is never reported. Raises NotFound."""
    rule = rule_by_id(session, rule_id)
    word = "paused" if paused else "resumed"
    change = audit_record.begin(session, actor=actor, kind="notification", subject=f"notification rule {rule.name} {word}", now=now)
    with audit_record.watching(session, change, _TABLE, [rule_id]):
        rule.paused_at = now if paused else None


def remove_rule(session: Session, rule_id: int, actor: str, now: datetime) -> None:
    """Remove a rule and cancel what it has not sent yet. Raises NotFound."""
    rule = rule_by_id(session, rule_id)
    change = audit_record.begin(session, actor=actor, kind="notification", subject=f"notification rule {rule.name} deleted", now=now)
    with audit_record.watching(session, change, _TABLE, [rule_id]):
        rule.removed_at = now
    stored_outbox.cancel_pending(session, rule_id)


def renew_secret(session: Session, rule_id: int, actor: str, now: datetime) -> str:
    """A new signing secret, shown only once; it replaces the old one. Raises NotFound, and Conflict if the channel does not sign."""
    rule = rule_by_id(session, rule_id)
    signing = channel_named(rule.way).secret
    if signing is None:
        raise Conflict("messages of this channel are not signed, so it has no secret", "no_secret")
    audit_record.begin(session, actor=actor, kind="notification", subject=f"new secret for notification rule {rule.name}", now=now)
    rule.secret = signing.create()
    return rule.secret


def test_rule(session: Session, rule_id: int, now: datetime) -> Notification:
    """Queue a test message, due now. Raises NotFound."""
    rule = rule_by_id(session, rule_id)
    event = Event(0, EventKind.STALE, to_ms(now), to_ms(now), "Example Ltd", "Example site", units=3)
    return compose.queue_message(session, rule, [event], now, test=True)


def rule_by_id(session: Session, rule_id: int) -> NotificationRule:
    """A rule that has not been removed. Raises NotFound."""
    rule = session.get(NotificationRule, rule_id)
    if rule is None or rule.removed_at is not None:
        raise NotFound(f"there is no notification rule {rule_id}")
    return rule


def unset_settings(session: Session, settings: ChannelSettings) -> dict[str, list[str]]:
    """For each channel in use that is not configured, the environment variables that must be set."""
    used = {rule.way for rule in stored_outbox.rules(session)}
    unset = {channel.name: channel.unset(settings) for channel in CHANNELS.values() if channel.name in used}
    return {name: variables for name, variables in unset.items() if variables}


def _columns(session: Session, draft: RuleDraft) -> dict[str, Any]:
    """The columns of a draft. Raises DomainError for the first invalid value."""
    name = " ".join(draft.name.split())[:120]
    if not name:
        raise DomainError("enter a name for the rule", "no_name")
    address = channel_named(draft.way).checked_address(draft.address)
    if len(address) > 500:
        raise DomainError("the address is longer than 500 characters", "bad_address")
    return {
        **{"name": name, "way": draft.way, "address": address, "kinds": _chosen(draft.kinds, list(EventKind), "event")},
        **{"finding_kinds": _chosen(draft.finding_kinds, list(FindingKind), "finding", least=0), "least_worth": draft.least_worth},
        **{"leads": _leads(draft), "account_id": account_named(session, draft.account).id if draft.account else None, "pace": draft.pace},
        **{"gather_minutes": _within(draft.gather_minutes, 0, 240, "minutes to group for"), "hour": _within(draft.hour, 0, 23, "hour")},
        **{"weekday": _within(draft.weekday, 0, 6, "weekday"), "zone": _zone(draft.zone)},
        **{"quiet_from": draft.quiet[0] if draft.quiet else None, "quiet_until": draft.quiet[1] if draft.quiet else None},
        "segments": sorted(set(draft.segments)),
    }


def _chosen(chosen: Sequence[str], kinds: Sequence[str], what: str, least: int = 1) -> list[str]:
    known = [str(kind) for kind in kinds]
    unknown = [kind for kind in chosen if kind not in known]
    if unknown:
        raise DomainError(f"there is no kind of {what} {unknown[0][:40]!r}", "unknown_kind")
    if len(chosen) < least:
        raise DomainError(f"choose at least one kind of {what}", "no_kind")
    return [kind for kind in known if kind in chosen]


def _leads(draft: RuleDraft) -> list[int]:
    unknown = [lead for lead in draft.leads if lead not in LEADS]
    if unknown:
        raise DomainError(f"the lead time must be one of {', '.join(map(str, LEADS))} days, not {unknown[0]}", "unknown_lead")
    return sorted(set(draft.leads), reverse=True)


def _within(value: int, least: int, most: int, what: str) -> int:
    if not least <= value <= most:
        raise DomainError(f"the {what} must be from {least} to {most}", "out_of_range")
    return value


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name.strip() or "UTC").key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise DomainError(f"there is no time zone {name[:60]!r}; use a name such as Europe/Berlin", "unknown_zone") from None
