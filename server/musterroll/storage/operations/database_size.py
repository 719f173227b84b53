"""Facts of the database: size, version, revision."""

from typing import NamedTuple

from sqlalchemy import func, select, text
from sqlmodel import Session, col

from musterroll.storage.engine.bulk import postgres
from musterroll.storage.liveness import process_heartbeats
from musterroll.storage.notifications import outbox as stored_outbox
from musterroll.storage.operations import checkpoints
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.messages import QuarantinedMessage
from musterroll.storage.tables.operations import ProcessHeartbeat, RegistryState

INGEST, WORKER = "ingest:", "worker:"  # how their pulses are named


class Measured(NamedTuple):
    engine: str  # with its version
    size: int  # bytes
    revision: str


def database(session: Session) -> Measured:
    revision = session.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""
    if postgres(session):
        version, size = session.execute(text("SELECT current_setting('server_version'), pg_database_size(current_database())")).one()
        return Measured(f"PostgreSQL {str(version).split()[0]}", int(size), str(revision))
    version = session.execute(text("SELECT sqlite_version()")).scalar()
    pages, each = (session.execute(text(f"PRAGMA {name}")).scalar() or 0 for name in ("page_count", "page_size"))
    return Measured(f"SQLite {version}", int(pages) * int(each), str(revision))


class Pulsed(NamedTuple):
    """A process and when it last got something done (ms)."""

    name: str
    at: int
    detail: str


def processes(session: Session) -> list[Pulsed]:
    """Every process, newest first."""
    rows = session.execute(
        select(col(ProcessHeartbeat.name), col(ProcessHeartbeat.at), col(ProcessHeartbeat.detail)).order_by(col(ProcessHeartbeat.at).desc())
    )
    return [Pulsed._make(row) for row in rows]


def figures(session: Session, at: int) -> dict[str, float]:
    """The metrics that are stored every minute, at an instant (ms)."""
    until = session.execute(select(col(RegistryState.until))).scalar() or 0
    handled = [int(process.detail) for process in processes(session) if process.name.startswith(INGEST) and process.detail.isdigit()]
    metrics: dict[str, float] = {
        "silent": float(session.execute(select(func.count()).where(col(UnitStatus.stale_since).is_not(None))).scalar() or 0),
        "outbox": float(stored_outbox.backlog(session).waiting),
        "size": float(database(session).size),
        "quarantined": float(session.execute(select(func.max(col(QuarantinedMessage.id)))).scalar() or 0),
    }
    if handled:
        metrics["messages"] = float(sum(handled))
    if process_heartbeats.newest(session, INGEST, at) is not None:
        metrics["hearing"] = max(0.0, (at - until) / 1000)
    return metrics


def keep(session: Session, at: int) -> None:
    """Store the metrics of this minute (ms)."""
    checkpoints.read(session, at - at % 60_000, figures(session, at))
