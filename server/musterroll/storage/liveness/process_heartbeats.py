"""Signs of progress, and what they prove about the registry's hearing."""

from sqlalchemy import delete, func, text, update
from sqlmodel import Session, col, select

from musterroll.domain.liveness import ListeningWindow
from musterroll.domain.values.instants import CLOCKS_DIFFER
from musterroll.storage.liveness.states import window
from musterroll.storage.tables.operations import ProcessHeartbeat, RegistryState

_BEAT = text(
    "INSERT INTO process_heartbeat (name, at, detail) VALUES (:name, :at, :detail)"
    " ON CONFLICT (name) DO UPDATE SET at = excluded.at, detail = excluded.detail"
)


def beat(session: Session, name: str, at: int, detail: str = "") -> None:
    """Record that the process `name` made progress at `at` (ms)."""
    session.execute(_BEAT, {"name": name, "at": at, "detail": detail})


def latest(session: Session) -> dict[str, int]:
    """Every process, and when it last made progress (ms)."""
    return dict(session.exec(select(ProcessHeartbeat.name, ProcessHeartbeat.at)).all())


def slowest(session: Session, prefix: str, since: int) -> int | None:
    """The least `at` of the pulses whose name begins with `prefix`, among those not older than `since` (ms)."""
    query = select(func.min(ProcessHeartbeat.at)).where(
        col(ProcessHeartbeat.name).startswith(prefix, autoescape=True), col(ProcessHeartbeat.at) >= since
    )
    return session.exec(query).one()


def newest(session: Session, prefix: str, now: int) -> int | None:
    """The latest `at` (ms) of the pulses whose name begins with `prefix`. One that lies in the future proves nothing."""
    named = col(ProcessHeartbeat.name).startswith(prefix, autoescape=True)
    return session.exec(select(func.max(ProcessHeartbeat.at)).where(named, col(ProcessHeartbeat.at) <= now + CLOCKS_DIFFER)).one()


def alive(session: Session, prefix: str, detail: str, since: int, until: int) -> int:
    """How many pulses of this detail there are whose name begins with `prefix`, from `since` to `until` (ms)."""
    named = col(ProcessHeartbeat.name).startswith(prefix, autoescape=True)
    query = select(func.count()).where(named, ProcessHeartbeat.detail == detail, col(ProcessHeartbeat.at).between(since, until))
    return session.exec(query).one()


def remove(session: Session, name: str) -> None:
    session.execute(delete(ProcessHeartbeat).where(col(ProcessHeartbeat.name) == name))


def forget(session: Session, prefix: str, before: int) -> None:
    """Delete the pulses whose name begins with `prefix` that are older (ms)."""
    named = col(ProcessHeartbeat.name).startswith(prefix, autoescape=True)
    session.execute(delete(ProcessHeartbeat).where(named, col(ProcessHeartbeat.at) < before))


def hearing(session: Session) -> ListeningWindow:
    """What is proven, locked until the end of the transaction."""
    return window(*session.exec(select(RegistryState.since, RegistryState.until, RegistryState.earlier).with_for_update()).one())


def record_listening(session: Session, listened: ListeningWindow) -> None:
    session.execute(update(RegistryState).values(since=listened.since, until=listened.until, earlier=[*map(list, listened.earlier)]))
