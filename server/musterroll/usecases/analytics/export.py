"""The registry's facts as Parquet tables in a new folder, all of one moment."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlmodel import Session

from musterroll.domain.values.errors import DomainError
from musterroll.domain.values.instants import to_ms
from musterroll.storage.analytics import parquet

VERSION = "1"  # of the tables: grows where a column is renamed, removed, or means something else


def export(session: Session, folder: Path, now: datetime, progress: Callable[[float], None] = lambda done: None) -> dict[str, int]:
    """Write all tables; `progress` is told the share done. Returns the number of rows of each.

    The session is a frozen one. The tables are written beside `folder` and then renamed, so that a folder of that name is complete.
    Raises DomainError where that folder is in use or cannot be written.
    """
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise DomainError(f"{folder} exists and is not empty: name a folder that is empty or not there yet")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{folder.name}-incomplete-", dir=folder.parent) as beside:
            whole = Path(beside) / "tables"
            whole.mkdir()
            rows = _write(session, whole, now, progress)
            whole.replace(folder)
    except OSError as error:
        raise DomainError(f"{folder} cannot be written: {error.strerror or error}") from error
    return rows


def _write(session: Session, folder: Path, now: datetime, progress: Callable[[float], None]) -> dict[str, int]:
    about = {"musterroll": "analytics", "version": VERSION, "as_of": now.astimezone(UTC).isoformat(timespec="milliseconds")}
    rows: dict[str, int] = {}
    for table, count in parquet.write(session, folder, now.astimezone(UTC).date(), to_ms(now), about):
        rows[table.name] = count
        progress(len(rows) / len(parquet.TABLES))
    return rows
