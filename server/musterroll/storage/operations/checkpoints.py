"""Checkpoints of recurring jobs, and metrics of the registry over time."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select, text
from sqlmodel import Session, col

from musterroll.storage.tables.operations import JobCheckpoint, RegistryMetric

_SET = text(
    "INSERT INTO job_checkpoint (name, position, at, note) VALUES (:name, :position, :at, :note)"
    " ON CONFLICT (name) DO UPDATE SET position = excluded.position, at = excluded.at, note = excluded.note"
)
_READ = text(
    "INSERT INTO registry_metric (at, name, value) VALUES (:at, :name, :value) ON CONFLICT (at, name) DO UPDATE SET value = excluded.value"
)

CLOCK_JUMP = "clock_jump"  # position: where the registry's clock was before it jumped back (ms), at: when; note: what is done about it


def mark(session: Session, name: str) -> JobCheckpoint:
    """The checkpoint of a job; the start where it never ran. Changes to it are not stored: see `put`."""
    row = session.execute(
        select(col(JobCheckpoint.position), col(JobCheckpoint.at), col(JobCheckpoint.note)).where(col(JobCheckpoint.name) == name)
    ).one_or_none()
    return JobCheckpoint(name=name) if row is None else JobCheckpoint(name=name, position=row[0], at=row[1], note=row[2])


def put(session: Session, name: str, position: int, at: int, note: str = "") -> None:
    session.execute(_SET, {"name": name, "position": position, "at": at, "note": note[:200]})


def read(session: Session, at: int, values: Mapping[str, float]) -> None:
    """Store the metrics of a minute (ms)."""
    if values:
        session.execute(_READ, [{"at": at, "name": name, "value": value} for name, value in values.items()])


def readings(session: Session, since: int) -> dict[str, list[tuple[int, float]]]:
    """Metrics by name from an instant (ms) on, oldest first."""
    by_name: dict[str, list[tuple[int, float]]] = {}
    rows: Any = session.execute(
        select(col(RegistryMetric.name), col(RegistryMetric.at), col(RegistryMetric.value)).where(col(RegistryMetric.at) >= since)
    )
    for name, at, value in sorted(rows):
        by_name.setdefault(name, []).append((at, value))
    return by_name


def forget(session: Session, before: int) -> None:
    session.execute(delete(RegistryMetric).where(col(RegistryMetric.at) < before))
