"""Rules of notification and what they told, for the pages: sent, waiting and not taken; the calendar; readings of the registry itself."""

from datetime import datetime, timedelta

from musterroll.domain.delivering import MessageState
from musterroll.domain.instants import to_ms
from musterroll.domain.signals import Kind
from musterroll.domain.telling import Pace, Way
from musterroll.registry import auditing, calendars, examining, hearing, noticing, notifying, signalling
from musterroll.registry.notifying import Wish
from musterroll.storage import pulses, signals
from musterroll.storage.database import Database


def fill(database: Database, now: datetime) -> None:
    """Add them to a roll made by `roll.fill`."""
    began = now - timedelta(hours=2)
    with database.writing() as session:
        desk = Wish("Operations desk", Way.EMAIL, "ops@example.com", list(Kind), quiet=(1320, 1320), zone="Europe/Berlin")
        hook = Wish("Service system", Way.WEBHOOK, "https://hooks.example.com/musterroll", [Kind.STALE, Kind.REVIVED])
        weekly = Wish(
            "Renewals, every Monday", Way.EMAIL, "renewals@example.com", [Kind.CONTRACT_ENDING, Kind.NOTICE_DUE], pace=Pace.WEEKLY
        )
        rules = [notifying.make_rule(session, wish, "admin", began)[0] for wish in (desk, hook, weekly)]
        notifying.pause_rule(session, rules[2].id or 0, True, "admin", began)
        noticing.keep_ends(session, noticing.ends(session, began) or [], began)
        signals.note_units(session, Kind.STALE, range(2, 12), to_ms(began))
        signalling.speak(session, began)
        for message in signalling.speak(session, began + timedelta(minutes=30)):
            message.attempts, message.next_at = 3, to_ms(now + timedelta(minutes=4))
            message.error = "hooks.example.com did not take it: it answers with status 503"
            if message.rule_id == rules[0].id:
                message.state, message.sent_at, message.error = MessageState.SENT, to_ms(began + timedelta(minutes=31)), ""
        calendars.keep(session, calendars.work_out(session, now) or [], now)
        handled = 40_000
        for minute in range(60, -1, -1):
            at, handled = now - timedelta(minutes=minute), handled + 900 + 37 * (minute * minute % 7)
            hearing.prove(session, "registry", to_ms(at), at, handled)
            examining.read(session, at)
        pulses.beat(session, "schedule", to_ms(now))
        while auditing.prove(session, now):
            pass
