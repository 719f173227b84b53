"""A person pausing the alarm of a silent unit, and ending the pause."""

from datetime import datetime

from sqlmodel import Session, select

from musterroll.domain.liveness import Facts, Judgement, Liveness, judge, reported_by_import_only
from musterroll.domain.values.errors import NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage.liveness import last_seen
from musterroll.storage.liveness import states as liveness_states
from musterroll.storage.tables.liveness import Voice
from musterroll.storage.tables.units import Unit
from musterroll.storage.units import transitions
from musterroll.storage.units.transitions import Change


def pause_alerts(session: Session, uid: str, actor: str, now: datetime) -> None:
    """Pause the alarm of a unit until `release`; it is not called stale meanwhile. Holding twice is holding once. Raises NotFound."""
    voice = _voice(session, uid)
    if voice.held_at is None:
        before = _judged(session, voice, now).liveness
        voice.held_at = to_ms(now)
        session.flush()
        _note(session, voice, before.value, Liveness.HELD.value, "alerts paused", actor, now)


def resume_alerts(session: Session, uid: str, actor: str, now: datetime) -> None:
    """End the pause: the unit is judged again, by all of its silence. Raises NotFound."""
    voice = _voice(session, uid)
    if voice.held_at is not None:
        voice.held_at = None
        session.flush()
        _note(session, voice, Liveness.HELD.value, _judged(session, voice, now).liveness.value, "alerts resumed", actor, now)


def _voice(session: Session, uid: str) -> Voice:
    unit_id = session.exec(select(Unit.id).where(Unit.uid == uid)).first()
    if unit_id is None:
        raise NotFound(f"no unit {uid!r} is registered")
    last_seen.acquaint(session, [uid])
    return session.exec(select(Voice).where(Voice.unit_id == unit_id).with_for_update()).one()


def _judged(session: Session, voice: Voice, now: datetime) -> Judgement:
    imported = reported_by_import_only(voice.birth_epoch, voice.beat)
    facts = Facts(voice.heard_at, voice.late_after, voice.stale_after, voice.death_at, voice.stale_since, voice.held_at, imported)
    return judge(facts, liveness_states.hearing(session), to_ms(now))


def _note(session: Session, voice: Voice, old: str, new: str, cause: str, actor: str, now: datetime) -> None:
    transitions.add(session, [Change(voice.unit_id, to_ms(now), "liveness", old, new, cause, actor)])
