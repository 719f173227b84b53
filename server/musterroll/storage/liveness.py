"""`domain.liveness.judge` as SQL, for counting and filtering many units at once. A property test holds the two together."""

from sqlalchemy import ColumnElement, case, func, literal
from sqlmodel import Session, col, select

from musterroll.domain.liveness import Hearing, Liveness
from musterroll.storage.tables import Registry, Voice


def hearing(session: Session) -> Hearing:
    """What the registry is known to have listened to without a gap."""
    since, until = session.exec(select(Registry.since, Registry.until)).one()
    return Hearing(since, until)


def liveness(heard: Hearing, now: int) -> ColumnElement[str]:
    """The liveness of each `Voice` row at `now` (ms). A unit without a row reads as never_heard when outer-joined."""
    at = min(now, heard.until)
    heard_at = col(Voice.heard_at)
    silence = at - case((heard_at > heard.since, heard_at), else_=heard.since)
    stale = col(Voice.stale_since).is_not(None) | (silence >= col(Voice.stale_after) * 1000)
    late = col(Voice.death_at).is_not(None) | (silence >= col(Voice.late_after) * 1000)
    held = col(Voice.held_at).is_not(None)
    return case(
        (heard_at.is_(None), literal(Liveness.NEVER_HEARD.value)),
        ((stale | late) & held, literal(Liveness.HELD.value)),
        (stale, literal(Liveness.STALE.value)),
        (late, literal(Liveness.LATE.value)),
        else_=literal(Liveness.OPERATING.value),
    )


def counts(session: Session, heard: Hearing, now: int) -> dict[str, int]:
    """Units by liveness, over those that have a voice row."""
    state = liveness(heard, now)
    return dict(session.exec(select(state, func.count()).select_from(Voice).group_by(state)).all())
