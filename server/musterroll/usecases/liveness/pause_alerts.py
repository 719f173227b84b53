"""Pausing and resuming the alerts of a silent unit."""

from datetime import datetime

from sqlmodel import Session, select

from musterroll.domain.liveness import Judgement, Liveness, LivenessFacts, assess_liveness, reported_by_import_only
from musterroll.domain.values.errors import NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage.liveness import last_seen
from musterroll.storage.liveness import states as liveness_states
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.units import Unit
from musterroll.storage.units import transitions
from musterroll.storage.units.transitions import NewStateChange


def pause_alerts(session: Session, uid: str, actor: str, now: datetime) -> None:
    """Pause the alerts of a unit until `resume_alerts`; meanwhile it does not become stale. Idempotent. Raises NotFound."""
    status = _status_row(session, uid)
    if status.held_at is None:
        before = _judged(session, status, now).liveness
        status.held_at = to_ms(now)
        session.flush()
        _record(session, status, before.value, Liveness.HELD.value, "alerts paused", actor, now)


def resume_alerts(session: Session, uid: str, actor: str, now: datetime) -> None:
    """End the pause: all of the unit's silence counts again. Raises NotFound."""
    status = _status_row(session, uid)
    if status.held_at is not None:
        status.held_at = None
        session.flush()
        _record(session, status, Liveness.HELD.value, _judged(session, status, now).liveness.value, "alerts resumed", actor, now)


def _status_row(session: Session, uid: str) -> UnitStatus:
    unit_id = session.exec(select(Unit.id).where(Unit.uid == uid)).first()
    if unit_id is None:
        raise NotFound(f"no unit {uid!r} is registered")
    last_seen.ensure_status_rows(session, [uid])
    return session.exec(select(UnitStatus).where(UnitStatus.unit_id == unit_id).with_for_update()).one()


def _judged(session: Session, status: UnitStatus, now: datetime) -> Judgement:
    imported = reported_by_import_only(status.birth_epoch, status.beat)
    marks = (status.death_at, status.stale_since, status.held_at)
    lists = (status.listed_at, status.quiet_since, status.unknown_since)
    facts = LivenessFacts(status.heard_at, status.late_after, status.stale_after, *marks, imported, *lists)
    return assess_liveness(facts, liveness_states.hearing(session), to_ms(now))


def _record(session: Session, status: UnitStatus, old: str, new: str, cause: str, actor: str, now: datetime) -> None:
    transitions.add(session, [NewStateChange(status.unit_id, to_ms(now), "liveness", old, new, cause, actor)])
