"""Marks that only move forward, after the registry's clock was years ahead for a moment, on both databases."""

import importlib
import pkgutil
from datetime import datetime, timedelta

from musterroll.domain.notifications.events import EventKind
from musterroll.domain.values.instants import to_ms
from musterroll.storage import tables
from musterroll.storage.capacity import exposure
from musterroll.storage.engine.database import Database
from musterroll.storage.operations import checkpoints, figure_cache, future_marks
from musterroll.storage.tables.access import User, WebSession
from musterroll.storage.tables.notifications import EventRow
from musterroll.storage.tables.reconciliation import DayTotal
from musterroll.usecases.access import sessions
from musterroll.usecases.liveness import stale_sweep
from musterroll.usecases.notifications import detect
from musterroll.usecases.operations import clock
from musterroll.usecases.reconciliation import daily_snapshot
from sqlmodel import SQLModel, select

AHEAD = timedelta(days=3650)


def test_after_a_clock_that_was_ahead_all_recurring_work_goes_on(database: Database, now: datetime) -> None:
    wrong = now + AHEAD
    with database.transaction() as session:
        clock.record_progress(session, "schedule", now)
        clock.record_progress(session, "schedule", wrong)
        assert detect.store_endings(session, [], wrong) == 0
        figure_cache.put(session, "trend", to_ms(wrong), [])
        exposure.note_counted(session, to_ms(wrong), 0)
        session.add(DayTotal(axis="all", key="", on=wrong.date(), cell=7, units=1))
        session.add(EventRow(kind=EventKind.STALE, at=to_ms(wrong), taken_at=to_ms(wrong)))
        user = User(name="ada", password_hash="", role="admin", created_at=now, locked_until=wrong)
        session.add(user)
        session.flush()
        token = sessions.open_session(session, user, wrong, sessions.ClientInfo())
        assert not stale_sweep.any_due(session, wrong)

    later = now + timedelta(seconds=12)
    with database.transaction() as session:
        clock.record_progress(session, "schedule", later)
        assert stale_sweep.any_due(session, later)
        stale_sweep.sweep(session, later)
        assert not stale_sweep.any_due(session, later)
    with database.transaction() as session:
        assert detect.detect_endings(session, later) is not None
        assert (row := figure_cache.get(session, "trend")) is not None
        assert row.at == 0
        assert exposure.counted(session) == (None, 0)
        assert daily_snapshot.due(session, later) == [later.date() - timedelta(days=1)]
        stale, jump = session.exec(select(EventRow).order_by(EventRow.id)).all()  # type: ignore[arg-type]
        assert (stale.at, stale.taken_at) == (to_ms(later), to_ms(later))
        assert (jump.kind, jump.since) == (EventKind.CLOCK_JUMPED, to_ms(wrong))
        assert session.exec(select(User.locked_until).where(User.name == "ada")).one() is None
        assert sessions.actor_of(session, token, later) is None
        assert session.exec(select(WebSession.expires_at)).one() <= later


def test_a_clock_that_is_right_voids_nothing(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        for seconds in range(0, 20, 5):
            clock.record_progress(session, "schedule", now + timedelta(seconds=seconds))
        assert not clock.marks_to_void(session, now)
        assert checkpoints.mark(session, checkpoints.CLOCK_JUMP).position == 0


# Instants that are shown, or that documents and people chose: they stop nothing while they lie in the future.
LABELS = """
account.created_at calendar_entry.on calendar_feed.created_at calendar_feed.revoked_at change.at contract.created_at credential.created_at
credential.decided_at event.on finding.changed_at finding.first_seen_at finding_decision.at finding_decision.until incident.closed_on
issued_invoice.issued_on issued_invoice.due_on issued_invoice.paid_on
incident.opened_on invoice.invoiced_on message.at message.received_at notification_rule.created_at notification_rule.paused_at
notification_rule.quiet_until notification_rule.removed_at product.created_at proposal.created_at proposal.decided_at quarantine.at
saved_filter.made_at follow_up.due_on site.created_at unit.born_at unit.installed_on unit.left_on unit.purchased_on unit.warranty_starts_on
unit.warranty_ends_on unit.registered_on unit.shipped_on unit_note.at unit_usage.at
user.created_at user.disabled_at warranty_period.ends_on warranty_period.starts_on warranty_period.voided_on api_token.revoked_at
web_session.revoked_at claim_token.revoked_at contract.ended_on contract.ends_on contract.notice_on contract.starts_on
exchange_rate.on planned_delivery.on source.created_at source.failing_since source_run.at set_aside_message.at set_aside_message.received_at
contract_line.ends_on contract_line.starts_on target.from_on target.set_at review_pack.first_on review_pack.as_of_on
review_pack.made_at import_run.at unit_state_change.withdrawn_at
campaign_export.at contact.consent_on link_key.renewed_at reminder.on reminder.created_at reminder.decided_at
segment_member.entered_on hand_over.handed_at
"""
ELSEWHERE = """
registry_state.since registry_state.until unit_status.heard_at unit_status.first_heard_at unit_status.death_at unit_status.held_at
unit_status.stale_since unit_status.listed_at unit_status.unknown_since unit_status.quiet_since
unit_state_change.at unit_state_change.recorded_at unit_use.at day_total.on segment_size.on cell_history.since cell_history.until
"""


def test_every_instant_is_voided_or_known_to_be_a_label() -> None:
    for module in pkgutil.iter_modules(tables.__path__):
        importlib.import_module(f"musterroll.storage.tables.{module.name}")
    voided = (*future_marks.TO_NOW, *future_marks.TO_START, *future_marks.DELETED, *future_marks.CHECKED)
    known = {str(column.class_.__tablename__) + "." + column.key for column in voided} | {*LABELS.split(), *ELSEWHERE.split()}
    instants = {
        f"{table.name}.{column.name}" for table in SQLModel.metadata.sorted_tables for column in table.columns if _instant(column.name)
    }
    assert instants == known


def _instant(name: str) -> bool:
    return name in ("at", "on", "since", "until", "position") or name.endswith(("_at", "_until", "_on", "_since"))
