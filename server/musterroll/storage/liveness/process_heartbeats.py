"""Signs of progress, and what they prove about the registry's hearing."""

from sqlalchemy import func, text, update
from sqlmodel import Session, col, select

from musterroll.domain.liveness import ListeningWindow
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


def newest(session: Session, prefix: str) -> int | None:
    """The latest `at` (ms) of the pulses whose name begins with `prefix`."""
    return session.exec(select(func.max(ProcessHeartbeat.at)).where(col(ProcessHeartbeat.name).startswith(prefix, autoescape=True))).one()


def hearing(session: Session) -> ListeningWindow:
    """What is proven, locked until the end of the transaction."""
    since, until = session.exec(select(RegistryState.since, RegistryState.until).with_for_update()).one()
    return ListeningWindow(since, until)


def record_listening(session: Session, window: ListeningWindow) -> None:
    session.execute(update(RegistryState).values(since=window.since, until=window.until))
