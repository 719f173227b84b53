"""Sources in every state, as the pages show them: one that waits, one with a history, one that fails, one that is paused."""

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from musterroll.domain.values.errors import DomainError
from musterroll.storage.engine.database import Database
from musterroll.usecases.imports import sources

from tests.support.sources import SourceBench

WAITING, IMPORTED, FAILING, PAUSED, NEW = "CRM accounts", "Asset register", "Warranty portal", "Old help desk", "Ticket desk"


def fill(database: Database, now: datetime) -> dict[str, int]:
    """The sources by name."""
    with TemporaryDirectory() as folder:
        bench = SourceBench(database, Path(folder), now, source_hosts=["erp.example.net"])
        numbers = {
            name: bench.put("folder", kind, {"path": str(bench.lists), "pattern": f"{kind}-*.csv"}, name)
            for name, kind in ((WAITING, "accounts"), (IMPORTED, "incidents"), (PAUSED, "sites"))
        }
        address = "https://127.0.0.1:9/warranty/list-of-all-devices-with-their-end-of-cover.csv?region=emea"
        numbers[FAILING] = bench.put("https", "units", {"url": address}, FAILING)
        _write(
            bench,
            "accounts-1.csv",
            ["Account ID,Account Name,Postcode", *(f"N{n},Northern Hospital {n},{n:05}" for n in range(30)), ",no,1"],
        )
        for week in range(4):
            _write(bench, f"incidents-{week}.csv", ["Ticket,Opened", *(f"T{week}{n},2026-10-0{week + 1}" for n in range(9))])
            bench.take(numbers[IMPORTED])
        bench.run(numbers[WAITING])
        with suppress(DomainError):
            bench.run(numbers[FAILING])
        settings = {
            "url": "postgresql://reader@erp.example.net/erp",
            "query": "SELECT serial, maker, model FROM assets",
            "password": "env:MUSTERROLL_SOURCE_ERP",
        }
        numbers[NEW] = bench.put("sql", "units", settings, NEW)
        with database.transaction() as session:
            sources.pause(session, sources.named(session, PAUSED), True, "ann", now)
    return numbers


def _write(bench: SourceBench, name: str, lines: list[str]) -> None:
    path = bench.lists / name
    path.write_text("\n".join(lines))
    os.utime(path, (1, 1))
