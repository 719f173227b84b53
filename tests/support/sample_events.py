"""Notification rules, events and messages for the pages (sent, queued, failed), the calendar, and metrics of the registry."""

from datetime import datetime, timedelta

from musterroll.domain.notifications.events import EventKind
from musterroll.domain.notifications.retry import MessageState
from musterroll.domain.notifications.schedule import Frequency
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.liveness import process_heartbeats
from musterroll.storage.notifications import events as stored_events
from musterroll.usecases.audit import verify as audit_verify
from musterroll.usecases.liveness import heartbeats
from musterroll.usecases.notifications import calendar as notification_calendar
from musterroll.usecases.notifications import compose, detect
from musterroll.usecases.notifications import rules as notification_rules
from musterroll.usecases.notifications.rules import RuleDraft
from musterroll.usecases.operations import health


def fill(database: Database, now: datetime) -> None:
    """Add them to a roll made by `roll.fill`."""
    began = now - timedelta(hours=2)
    with database.transaction() as session:
        desk = RuleDraft("Operations desk", "email", "ops@example.com", list(EventKind), quiet=(1320, 1320), zone="Europe/Berlin")
        hook = RuleDraft("Service system", "webhook", "https://hooks.example.com/musterroll", [EventKind.STALE, EventKind.REVIVED])
        weekly = RuleDraft(
            "Renewals, every Monday",
            "email",
            "renewals@example.com",
            [EventKind.CONTRACT_ENDING, EventKind.NOTICE_DUE],
            pace=Frequency.WEEKLY,
        )
        rules = [notification_rules.create_rule(session, draft, "admin", began)[0] for draft in (desk, hook, weekly)]
        notification_rules.pause_rule(session, rules[2].id or 0, True, "admin", began)
        detect.store_endings(session, detect.detect_endings(session, began) or [], began)
        stored_events.record_unit_events(session, EventKind.STALE, range(2, 12), to_ms(began))
        compose.queue_due(session, began)
        for message in compose.queue_due(session, began + timedelta(minutes=30)):
            message.attempts, message.next_at = 3, to_ms(now + timedelta(minutes=4))
            message.error = "hooks.example.com did not accept the message: it answered with status 503"
            if message.rule_id == rules[0].id:
                message.state, message.sent_at, message.error = MessageState.SENT, to_ms(began + timedelta(minutes=31)), ""
        notification_calendar.store_endings(session, notification_calendar.compute_endings(session, now) or [], now)
        handled = 40_000
        for minute in range(60, -1, -1):
            at, handled = now - timedelta(minutes=minute), handled + 900 + 37 * (minute * minute % 7)
            heartbeats.record_canary(session, "registry", to_ms(at), at, handled)
            health.read(session, at)
        process_heartbeats.beat(session, "schedule", to_ms(now))
        while audit_verify.prove(session, now):
            pass
