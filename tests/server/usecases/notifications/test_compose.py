"""From an event to its message: nothing twice, nothing lost, a power cut once."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from musterroll.domain.contracts.terms import ContractState
from musterroll.domain.notifications.events import Event, EventKind
from musterroll.domain.notifications.schedule import Frequency
from musterroll.domain.values.errors import DomainError
from musterroll.domain.values.instants import to_ms
from musterroll.domain.warranty.periods import PeriodKind
from musterroll.storage.engine.database import Database
from musterroll.storage.liveness import process_heartbeats
from musterroll.storage.liveness.last_seen import HeartbeatRow
from musterroll.storage.notifications import activity
from musterroll.storage.notifications import events as stored_events
from musterroll.storage.notifications.events import NewEvent
from musterroll.storage.operations import checkpoints
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.audit import AuditChange, AuditEntry
from musterroll.storage.tables.enrolment import Credential, CredentialStatus
from musterroll.storage.tables.imports import ImportRun
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.notifications import Activity, EventRow, Notification, NotificationRule, RuleEvent
from musterroll.storage.tables.warranty import WarrantyPeriod
from musterroll.usecases.liveness import heartbeats, stale_sweep
from musterroll.usecases.notifications import compose, detect
from musterroll.usecases.notifications import outbox as notification_outbox
from musterroll.usecases.notifications import rules as notification_rules
from musterroll.usecases.notifications.rules import RuleDraft
from musterroll.usecases.reconciliation import run as reconciliation_run
from musterroll.usecases.undo import undo as undo_changes
from sqlmodel import Session, col, select

from tests.support import records, unit_rows

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def rule(session: Session, *kinds: EventKind, channel: str = "email", **rest: Any) -> NotificationRule:
    address = "ops@example.com" if channel == "email" else "https://example.com/hook"
    return notification_rules.create_rule(
        session, RuleDraft("Ours", channel, address, kinds or list(EventKind), **rest), "admin", NOW - timedelta(days=1)
    )[0]


def silent(session: Session, serial: str, account: str = "Marram", site: str = "Essen 1", ago: float = 600) -> int:
    account_id, site_id = unit_rows.place(session, account, site)
    heard = to_ms(NOW) - int(ago * 1000)
    unit = unit_rows.unit(
        session, serial, lifecycle="deployed", account_id=account_id, site_id=site_id, status={"heard_at": heard, "first_heard_at": 1}
    )
    return unit.id or 0


def swept(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        unit_rows.listening(session, 1, to_ms(now))
        stale_sweep.sweep(session, now)


def queued(database: Database, now: datetime) -> list[Notification]:
    with database.transaction() as session:
        detect.detect_events(session, now)
        return compose.queue_due(session, now)


def reported(database: Database, message: Notification) -> list[Event]:
    with database.snapshot() as session:
        return notification_outbox.events(session, message.id or 0, 1000)


def recorded(session: Session) -> list[EventRow]:
    return list(session.exec(select(EventRow).order_by(col(EventRow.id))))


def test_a_power_cut_is_one_message_although_units_fall_silent_one_after_the_other(database: Database) -> None:
    with database.transaction() as session:
        rule(session, EventKind.STALE)
        for n in range(20):
            silent(session, f"SN{n:02}", ago=186 - 6 * n)  # the last one two minutes after the first
        silent(session, "FAR", site="Cork 2", ago=186)
    for step in range(4):
        swept(database, NOW + step * MINUTE)
        assert queued(database, NOW + step * MINUTE) == []
    (message,) = queued(database, NOW + 9 * MINUTE)
    assert message.title == "Outage: 20 of 20 units of site Essen 1 silent since 1 Nov, 11:58 UTC, plus 1 more topic"
    assert '"text":"Cork 2 (Marram): FAR stopped reporting' in message.body
    assert queued(database, NOW + 30 * MINUTE) == []


def test_units_reporting_again_share_a_message_with_units_gone_silent(database: Database) -> None:
    with database.transaction() as session:
        rule(session, EventKind.STALE, EventKind.REVIVED)
        unit = silent(session, "SN1")
    swept(database, NOW)
    with database.transaction() as session:
        heartbeats.record_heartbeats(session, [HeartbeatRow(unit, 1, 1, None, 1, 1, {})], NOW + MINUTE)
    queued(database, NOW + MINUTE)
    (message,) = queued(database, NOW + 10 * MINUTE)
    assert message.title == "1 unit stopped reporting at Essen 1 (Marram), plus 1 more topic"
    assert [(event.kind, event.serial) for event in reported(database, message)] == [(EventKind.STALE, "SN1"), (EventKind.REVIVED, "SN1")]


def test_a_rule_for_an_account_includes_its_subsidiaries_and_nothing_else(database: Database) -> None:
    with database.transaction() as session:
        for serial, account in (("SN1", "Parent"), ("SN2", "Child"), ("SN3", "Stranger")):
            silent(session, serial, account, f"Site {account}")
        accounts = {event.ref: event for event in session.exec(select(Account))}
        accounts["Child"].parent_id = accounts["Parent"].id
        session.flush()
        rule(session, EventKind.STALE, account="Parent", gather_minutes=0)
    swept(database, NOW)
    (message,) = queued(database, NOW)
    assert [event.serial for event in reported(database, message)] == ["SN1", "SN2"]


def test_a_rule_for_a_merged_account_reports_the_account_it_was_merged_into(database: Database) -> None:
    with database.transaction() as session:
        silent(session, "SN1", "Kept", "Site 1")
        unit_rows.place(session, "Twin", "Site 2")
        accounts = {event.ref: event for event in session.exec(select(Account))}
        rule(session, EventKind.STALE, account="Twin", gather_minutes=0)
        accounts["Twin"].merged_into_id = accounts["Kept"].id
    swept(database, NOW)
    assert [event.signals for event in queued(database, NOW)] == [1]


def test_each_rule_reports_an_event_once_and_a_paused_rule_never(database: Database) -> None:
    with database.transaction() as session:
        first, second = rule(session, gather_minutes=0), rule(session, channel="webhook", gather_minutes=0)
        notification_rules.pause_rule(session, first.id or 0, True, "admin", NOW)
        silent(session, "SN1")
    swept(database, NOW)
    assert [event.rule_id for event in queued(database, NOW)] == [second.id]
    with database.transaction() as session:
        notification_rules.pause_rule(session, first.id or 0, False, "admin", NOW)
    assert queued(database, NOW + MINUTE) == []


def test_an_event_committed_after_a_later_one_was_reported_is_reported_too(postgres_database: Database) -> None:
    with postgres_database.transaction() as session:
        rule(session, gather_minutes=0)
    with Session(postgres_database.engine) as slow:
        slow.add(EventRow(kind=EventKind.STALE, at=1, units=1, serial="slow"))
        slow.flush()  # it has its number, and is not there yet
        with postgres_database.transaction() as session:
            session.add(EventRow(kind=EventKind.STALE, at=2, units=1, serial="quick"))
        assert [event.signals for event in queued(postgres_database, NOW)] == [1]
        slow.commit()
    (message,) = queued(postgres_database, NOW + MINUTE)
    assert [event.serial for event in reported(postgres_database, message)] == ["slow"]


def test_a_digest_comes_at_its_hour_in_its_zone_and_quiet_hours_hold_it_back(database: Database) -> None:
    with database.transaction() as session:
        berlin = {"pace": Frequency.DAILY, "hour": 6, "zone": "Europe/Berlin"}
        rule(session, **berlin)
        rule(session, quiet=(0, 8 * 60), **berlin)
        silent(session, "SN1")
    morning = datetime(2026, 11, 2, tzinfo=UTC)
    queued(database, NOW)
    swept(database, NOW)
    messages = {hour: len(queued(database, morning + timedelta(hours=hour))) for hour in (4.9, 5, 5.5, 6.9, 7, 8, 30)}
    assert messages == {4.9: 0, 5: 1, 5.5: 0, 6.9: 0, 7: 1, 8: 0, 30: 0}


def test_pending_enrolments_and_rejected_rows_are_detected_once(database: Database) -> None:
    with database.transaction() as session:
        rule(session, gather_minutes=0)
        alive, gone = silent(session, "ALIVE"), silent(session, "QUIET")
        session.get_one(UnitStatus, gone).stale_since = 1
        for unit in (alive, gone):
            session.add(Credential(unit_id=unit, secret_hash="x", status=CredentialStatus.PENDING, created_at=NOW))
        change = AuditChange(at=1, actor="ann", kind="import", subject="units")
        session.add(change)
        session.flush()
        counts = {"refused": 3, "new": 5}
        session.add(ImportRun(change_id=change.id, at=1, kind="units", file="units.csv", sha256="x", counts=counts))
    (message,) = queued(database, NOW)
    assert [(event.kind, event.serial, event.units) for event in reported(database, message)] == [
        (EventKind.CLONE_SUSPECTED, "ALIVE", 1),
        (EventKind.ENROLMENT_PENDING, "QUIET", 1),
        (EventKind.IMPORT_FAILED, "", 3),
    ]
    assert queued(database, NOW + MINUTE) == []


def test_an_ingest_that_stops_receiving_is_reported_once_and_so_is_its_recovery(database: Database) -> None:
    with database.transaction() as session:
        rule(session, gather_minutes=0)
        process_heartbeats.beat(session, "ingest:registry", to_ms(NOW))
    titles = []
    for second in range(0, 150, 5):
        titles += [event.title for event in queued(database, NOW + timedelta(seconds=second))]
    assert titles == ["Registry not receiving: no messages from the broker since 1 Nov, 12:00 UTC"]
    with database.transaction() as session:
        process_heartbeats.beat(session, "ingest:registry", to_ms(NOW + 3 * MINUTE))
    assert [event.title for event in queued(database, NOW + 3 * MINUTE)] == ["Registry receiving again"]


def test_a_registry_that_was_down_itself_does_not_report_its_ingest(database: Database) -> None:
    with database.transaction() as session:
        rule(session, gather_minutes=0)
        process_heartbeats.beat(session, "ingest:registry", to_ms(NOW - timedelta(hours=3)))
    assert queued(database, NOW) == []
    assert queued(database, NOW + timedelta(seconds=20)) == []


def ended(database: Database, now: datetime) -> list[tuple[EventKind, int | None, str]]:
    """The ends detected, stored as the schedule does it."""
    with database.snapshot() as session:
        endings = detect.detect_endings(session, now)
    with database.transaction() as session:
        written = detect.store_endings(session, endings or [], now)
        rows = list(session.exec(select(EventRow).order_by(col(EventRow.id).desc()).limit(written))) if written else []
        return sorted((row.kind, row.lead, str(row.on)) for row in rows)


def test_ends_are_announced_once_at_each_lead_time(database: Database) -> None:
    with database.transaction() as session:
        place = records.account(session, "A1")
        renews = {"auto_renew": True, "renewal_months": 12, "notice_days": 30}
        records.contract(session, "C1", place, state=ContractState.ACTIVE, starts_on=date(2026, 1, 1), ends_on=date(2027, 1, 1), **renews)
        unit = records.unit(session, "SN1", records.product(session), lifecycle="deployed", account_id=place.id)
        period = {"kind": PeriodKind.STANDARD, "starts_on": date(2024, 1, 1), "rule": "installed", "evidence": ""}
        session.add(WarrantyPeriod(unit_id=unit.id, ends_on=date(2026, 12, 2), **period))
    assert ended(database, NOW) == [
        (EventKind.CONTRACT_ENDING, 60, "2026-12-31"),
        (EventKind.NOTICE_DUE, 30, "2026-12-01"),
        (EventKind.WARRANTY_ENDING, 30, "2026-12-01"),
    ]
    assert ended(database, NOW + MINUTE) == []
    assert ended(database, NOW + timedelta(days=1)) == []
    assert ended(database, NOW + timedelta(days=17)) == [
        (EventKind.NOTICE_DUE, 14, "2026-12-01"),
        (EventKind.WARRANTY_ENDING, 14, "2026-12-01"),
    ]


def test_a_warranty_that_an_extension_follows_does_not_end(database: Database) -> None:
    with database.transaction() as session:
        unit = records.unit(session, "SN1", records.product(session), lifecycle="deployed")
        for kind, starts, ends in ((PeriodKind.STANDARD, 2024, 2026), (PeriodKind.EXTENDED, 2026, 2028)):
            days = {"starts_on": date(starts, 12, 2), "ends_on": date(ends, 12, 2)}
            session.add(WarrantyPeriod(unit_id=unit.id, kind=kind, rule="x", evidence="", **days))
    assert ended(database, NOW) == []


def test_a_rule_reports_findings_of_its_kinds_and_minimum_value(database: Database) -> None:
    with database.transaction() as session:
        rule(session, EventKind.FINDING_OPENED, finding_kinds=["operating_uncovered"], least_worth=Decimal(100), gather_minutes=0)
        account_id, site_id = unit_rows.place(session, "Marram", "Essen 1")
        unit_rows.listening(session, 1, to_ms(NOW))
        for serial, lifecycle in (("SN1", "deployed"), ("SN2", "deployed"), ("SN3", "unrecorded")):
            status = {"heard_at": to_ms(NOW), "first_heard_at": 1}
            unit_rows.unit(session, serial, lifecycle=lifecycle, account_id=account_id, site_id=site_id, status=status)
        pump = unit_rows.product(session, "Acme", "Pump 3")
        pump.list_price, pump.currency = Decimal(60), "EUR"
        session.flush()
        reconciliation_run.tick(session, NOW)
    (message,) = queued(database, NOW)
    assert message.title == "2 new findings worth 120.00 EUR per year"
    with database.transaction() as session:
        reconciliation_run.reconcile(session, NOW + MINUTE, NOW + MINUTE, store=True)
    assert queued(database, NOW + MINUTE) == []


def test_a_webhook_carries_at_most_500_events_and_each_goes_once(database: Database) -> None:
    with database.transaction() as session:
        rule(session, channel="webhook", gather_minutes=0)
        for n in range(1203):
            session.add(EventRow(kind=EventKind.STALE, at=n, units=1, serial=f"SN{n}"))
    assert [event.signals for event in queued(database, NOW)] == [500, 500, 203]
    with database.snapshot() as session:
        dealt = session.exec(select(RuleEvent.event_id, RuleEvent.notification_id)).all()
    assert len({signal for signal, _ in dealt}) == len(dealt) == 1203
    assert all(message for _, message in dealt)


def test_changes_to_a_rule_are_audited_without_its_secret_and_can_be_undone(database: Database) -> None:
    with database.transaction() as session:
        webhook = rule(session, channel="webhook")
        notification_rules.remove_rule(session, webhook.id or 0, "admin", NOW)
        change = session.exec(select(AuditChange).order_by(col(AuditChange.id).desc())).first()
        assert change is not None
        undo_changes.undo(session, change.id or 0, "admin", NOW)
        assert webhook.secret.startswith("whsec_")
        assert webhook.secret not in str([(event.before, event.after) for event in session.exec(select(AuditEntry))])
    with database.snapshot() as session:
        assert session.get_one(NotificationRule, webhook.id).removed_at is None


GROWTH = st.lists(st.integers(0, 200), min_size=1, max_size=8)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(weeks=GROWTH)
def test_declining_usage_is_detected_as_a_model_computes_it(database: Database, weeks: list[int]) -> None:
    """A unit's counter grows by so much a week: a moving average in Python and what the database detected."""
    usual, known, latest, expected = 0.0, 0, 0.0, 0
    with database.transaction() as session:
        for table in (Activity, EventRow, UnitStatus):
            session.exec(table.__table__.delete())  # type: ignore[attr-defined]
        unit = session.exec(select(unit_rows.Unit)).first() or unit_rows.unit(session, "SN1", lifecycle="deployed")
        session.add(UnitStatus(unit_id=unit.id, operating=0, heard_at=1))
        session.flush()
        counter, at = 0, to_ms(NOW)
        activity.measure(session, 0, 10, at)
        for week in weeks:
            counter, at = counter + week, at + activity.WEEK
            session.get_one(UnitStatus, unit.id).operating = counter
            session.flush()
            activity.measure(session, 0, 10, at)
            if known >= 4 and usual > 0 and week < 0.5 * usual <= latest:
                expected += 1
            usual, known, latest = week if known == 0 else usual + 0.3 * (week - usual), known + 1, week
        row = session.exec(select(Activity)).one()
        session.refresh(row)
        assert (row.weeks, round(row.usual, 6), row.latest) == (known, round(usual, 6), latest)
        assert [event.kind for event in recorded(session)] == [EventKind.DECLINING] * expected


def test_activity_is_measured_once_a_week_for_every_unit(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detect, "_UNITS", 2)
    with database.transaction() as session:
        for n in range(5):
            unit_rows.unit(session, f"SN{n}", status={"operating": n})
    turns: list[bool] = []
    for _ in range(5):
        with database.transaction() as session:
            turns.append(detect.measure_activity(session, NOW))
    assert turns == [True, True, True, False, False]
    with database.snapshot() as session:
        assert len(session.exec(select(Activity)).all()) == 5


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": " "}, "enter a name for the rule"),
        ({"address": "ops"}, "is not a valid e-mail address"),
        ({"address": "a@b.example\r\nBcc: x"}, "is not a valid e-mail address"),
        ({"way": "webhook", "address": "ftp://x"}, "https://"),
        ({"way": "webhook", "address": "https://me:secret@example.com/"}, "user name"),
        ({"kinds": ["storm"]}, "no kind of event 'storm'"),
        ({"kinds": []}, "at least one"),
        ({"leads": [31]}, "days, not 31"),
        ({"zone": "Mars/Base"}, "no time zone"),
        ({"hour": 24}, "from 0 to 23"),
        ({"account": "nobody"}, "there is no account"),
    ],
)
def test_an_invalid_rule_is_rejected_in_a_sentence(sqlite_database: Database, wrong: dict[str, Any], says: str) -> None:
    draft: Callable[..., RuleDraft] = RuleDraft("Ours", "email", "ops@example.com", [EventKind.STALE])._replace
    with pytest.raises(DomainError, match=says), sqlite_database.transaction() as session:
        notification_rules.create_rule(session, draft(**wrong), "admin", NOW)


def test_checkpoints_are_stored(database: Database) -> None:
    with database.transaction() as session:
        assert checkpoints.mark(session, "x").position == 0
        checkpoints.put(session, "x", 3, 4, "note")
        checkpoints.put(session, "x", 5, 6, "later")
        checkpoint = checkpoints.mark(session, "x")
    assert (checkpoint.position, checkpoint.at, checkpoint.note) == (5, 6, "later")


def test_a_rule_of_single_segments_gets_their_events_and_all_others(database: Database) -> None:
    with database.transaction() as session:
        chosen = rule(session, EventKind.SEGMENT_ENTERED, EventKind.TARGET_CROSSED, segments=["lapsed", "upsell", "lapsed"])
        every = rule(session, EventKind.SEGMENT_ENTERED)
        assert chosen.segments == ["lapsed", "upsell"]
        events = [NewEvent(EventKind.SEGMENT_ENTERED, to_ms(NOW), variant=key) for key in ("lapsed", "dormant", "upsell")]
        stored_events.record(session, [*events, NewEvent(EventKind.TARGET_CROSSED, to_ms(NOW), variant="above")])
        compose.queue_due(session, NOW)
        got = {of.id: {event.variant for event in stored_events.pending_events(session, of.id or 0, 10)} for of in (chosen, every)}
    assert got == {chosen.id: {"lapsed", "upsell", "above"}, every.id: {"lapsed", "dormant", "upsell"}}
