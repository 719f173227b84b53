"""How far recurring work has come, and figures of the registry over time."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select, text
from sqlmodel import Session, col

from musterroll.storage.tables.operations import Mark, Reading

_SET = text(
    "INSERT INTO mark (name, position, at, note) VALUES (:name, :position, :at, :note)"
    " ON CONFLICT (name) DO UPDATE SET position = excluded.position, at = excluded.at, note = excluded.note"
)
_READ = text(
    "INSERT INTO reading (at, name, value) VALUES (:at, :name, :value) ON CONFLICT (at, name) DO UPDATE SET value = excluded.value"
)


def mark(session: Session, name: str) -> Mark:
    """Where work stands; at the beginning where it never ran. Changes to it are not written: see `put`."""
    row = session.execute(select(col(Mark.position), col(Mark.at), col(Mark.note)).where(col(Mark.name) == name)).one_or_none()
    return Mark(name=name) if row is None else Mark(name=name, position=row[0], at=row[1], note=row[2])


def put(session: Session, name: str, position: int, at: int, note: str = "") -> None:
    session.execute(_SET, {"name": name, "position": position, "at": at, "note": note[:200]})


def read(session: Session, at: int, values: Mapping[str, float]) -> None:
    """Keep figures of a minute (ms)."""
    if values:
        session.execute(_READ, [{"at": at, "name": name, "value": value} for name, value in values.items()])


def readings(session: Session, since: int) -> dict[str, list[tuple[int, float]]]:
    """Figures by name from an instant (ms) on, oldest first."""
    found: dict[str, list[tuple[int, float]]] = {}
    rows: Any = session.execute(select(col(Reading.name), col(Reading.at), col(Reading.value)).where(col(Reading.at) >= since))
    for name, at, value in sorted(rows):
        found.setdefault(name, []).append((at, value))
    return found


def forget(session: Session, before: int) -> None:
    session.execute(delete(Reading).where(col(Reading.at) < before))
