"""Marks that only move forward, left in the future by a clock that was ahead: each is void, and what it guards begins anew.

Every column that holds such a mark is in one of the lists below, but for those of stored days; a test names the instants that are only
labels. What units reported is brought back by `storage.liveness.stale_sweep`, their use by `domain.usage.days`, and proofs of listening by
`domain.liveness.extend_listening`.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, Integer, delete, update
from sqlmodel import Session, col

from musterroll.domain.access import LONGEST_LOCK
from musterroll.domain.notifications.events import EventKind
from musterroll.domain.values.instants import CLOCKS_DIFFER, to_ms
from musterroll.storage.reconciliation import cell_history
from musterroll.storage.tables.access import ApiToken, User, WebSession
from musterroll.storage.tables.audit import UndoProgress
from musterroll.storage.tables.capacity import PlanFactsRow
from musterroll.storage.tables.enrolment import ClaimToken
from musterroll.storage.tables.identity import IdentityCase, IdentitySign
from musterroll.storage.tables.imports import DocumentSource
from musterroll.storage.tables.liveness import Outage, Silence
from musterroll.storage.tables.notifications import Activity, CalendarFeed, EventRow, Notification, NotificationRule
from musterroll.storage.tables.operations import CachedFigure, JobCheckpoint, ProcessHeartbeat, RegistryMetric
from musterroll.storage.tables.segments import SegmentSize
from musterroll.storage.tables.units import Unit

_ENDINGS = "endings"  # the job whose position is the last day done (ordinal)

# The work is due now, and ages count from now on.
TO_NOW: tuple[Any, ...] = (
    *(EventRow.at, EventRow.taken_at, Notification.created_at, Notification.next_at, Notification.sent_at),
    *(NotificationRule.told_until, WebSession.seen_at, ApiToken.used_at, CalendarFeed.read_at, Activity.at, Unit.created_at),
    *(DocumentSource.ran_at, UndoProgress.stepped_at),
    *(Silence.heard_at, Silence.noticed_at, Silence.returned_at, Outage.since, Outage.noticed_at, Outage.closed_at),
    *(IdentitySign.first_at, IdentitySign.last_at, IdentityCase.since, IdentityCase.at),
)
TO_START: tuple[Any, ...] = (CachedFigure.at, PlanFactsRow.at, JobCheckpoint.at, IdentitySign.judged_at)  # the work is done again
DELETED: tuple[Any, ...] = (ProcessHeartbeat.at, RegistryMetric.at, SegmentSize.at)  # exposure, noted as a process, is counted anew
OPENED: tuple[Any, ...] = (WebSession, ApiToken, ClaimToken)  # opened while the clock was ahead, and so valid for years: ended
CHECKED = (
    EventRow.since,
    JobCheckpoint.position,
    User.locked_until,
    *(table.expires_at for table in OPENED),
    *(table.created_at for table in OPENED),
)


def void(session: Session, now: datetime) -> None:
    """Void every mark later than now."""
    for column in TO_NOW:
        session.execute(update(column.class_).where(_later(column, now)).values({column.key: _as(column, now)}))
    for column in TO_START:
        session.execute(update(column.class_).where(_later(column, now)).values({column.key: 0}))
    for column in DELETED:
        session.execute(delete(column.class_).where(_later(column, now)))
    cell_history.forget(session, now.date())
    for table in OPENED:
        session.execute(update(table).where(_later(table.created_at, now)).values(created_at=now, expires_at=now))
    session.execute(update(User).where(_later(User.locked_until, now + LONGEST_LOCK)).values(locked_until=None))
    of_units = _later(EventRow.since, now) & (col(EventRow.kind) != EventKind.CLOCK_JUMPED)
    session.execute(update(EventRow).where(of_units).values(since=to_ms(now)))
    done = (col(JobCheckpoint.name) == _ENDINGS) & (col(JobCheckpoint.position) > now.date().toordinal())
    session.execute(update(JobCheckpoint).where(done).values(position=0))


def _later(column: Any, now: datetime) -> ColumnElement[bool]:
    later: ColumnElement[bool] = column >= now.date() if isinstance(column.type, Date) else column > _as(column, now + _DIFFER)
    return later


def _as(column: Any, instant: datetime) -> datetime | int:
    return to_ms(instant) if isinstance(column.type, Integer) else instant


_DIFFER = timedelta(milliseconds=CLOCKS_DIFFER)
