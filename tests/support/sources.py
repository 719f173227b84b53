"""A registry with one source, run as the schedule runs it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from musterroll.domain.imports import RunState
from musterroll.domain.values.errors import DomainError
from musterroll.domain.values.instants import to_ms
from musterroll.runtime.source_runner import SourceRunner
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.storage.imports import sources as stored
from musterroll.storage.tables.imports import DocumentSource, SourceRun
from musterroll.usecases.imports import sources
from musterroll.usecases.imports.sources import Wanted
from sqlalchemy import text


class SourceBench:
    def __init__(self, database: Database, folder: Path, now: datetime, **settings: Any) -> None:
        self.database, self.now = database, now
        allowed = {"source_hosts": ["127.0.0.1"], "source_folders": [str(folder / "lists")], "source_secrets": folder / "secrets"}
        self.settings = Settings(data_dir=folder / "data", **{**allowed, **settings})
        (folder / "lists").mkdir(exist_ok=True)
        (folder / "secrets").mkdir(exist_ok=True)
        self.lists, self.secrets = folder / "lists", folder / "secrets"

    def secret(self, value: str, name: str = "key") -> str:
        (self.secrets / name).write_text(value)
        return f"file:{name}"

    def put(self, type_: str, kind: str, settings: Mapping[str, str], name: str = "erp", **more: Any) -> int:
        with self.database.transaction() as session:
            source = sources.put(session, Wanted(name, type_, kind, settings, **more), self.settings, "ann", self.now)
            return source.id or 0

    def source(self, source_id: int = 1) -> DocumentSource:
        with self.database.snapshot() as session:
            return session.get_one(DocumentSource, source_id)

    def due(self) -> list[int]:
        with self.database.snapshot() as session:
            return stored.due(session, to_ms(self.now))

    def run(self, source_id: int = 1) -> SourceRun | None:
        return SourceRunner(self.database, self.settings, lambda: self.now).run(source_id)

    def fails(self, source_id: int = 1) -> str:
        try:
            self.run(source_id)
        except DomainError as error:
            return str(error)
        raise AssertionError("it did not fail")

    def approve(self, source_id: int = 1, *, approve: bool = True) -> SourceRun | None:
        with self.database.transaction() as session:
            sources.decide(session, stored.source(session, source_id), approve, "ann", self.now)  # type: ignore[arg-type]
        return self.run(source_id) if approve else None

    def take(self, source_id: int = 1) -> SourceRun:
        """Run a source and approve its document where it waits."""
        run = self.run(source_id)
        assert run is not None
        if run.state is RunState.WAITING:
            run = self.approve(source_id)
        assert run is not None
        assert run.state in (RunState.IMPORTED, RunState.UNCHANGED), run.reason
        return run

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.database.snapshot() as session:
            return [tuple(row) for row in session.execute(text(query))]

    def tickets(self) -> list[str]:
        return [ref for (ref,) in self.rows("SELECT ref FROM incident ORDER BY ref")]

    def serials(self) -> list[str]:
        return [serial for (serial,) in self.rows("SELECT serial FROM unit ORDER BY serial")]

    def unit(self, serial: str, columns: str) -> tuple[Any, ...]:
        """Columns of the unit `u` and its product `p`."""
        (row,) = self.rows(f"SELECT {columns} FROM unit u JOIN product p ON p.id = u.product_id WHERE serial = '{serial}'")
        return row
