"""How long ingest and the scheduled jobs wait beside the import of a list of a million units, and whether any of them fails."""

import shutil
from pathlib import Path

from musterroll.storage.engine import migrate
from musterroll.storage.engine.database import Database

from tests.bench import imports, records
from tests.bench.imports import QUICK, Plan
from tests.bench.measuring import Figure, figure
from tests.support.beside import Beside
from tests.support.instances import scratch
from tests.support.postgres import PostgresServer

BENCH = "beside"
FULL = Plan(rows=1_000_000, sites=20_000)
_LONGEST = 1.0  # seconds that ingest is held up


def measure(quick: bool) -> list[Figure]:
    plan, folder, postgres = QUICK if quick else FULL, scratch(), PostgresServer(**records.ROOMY)
    try:
        file = folder / "units.csv"
        imports.write(file, plan)
        return [
            *_on("SQLite", f"sqlite:///{folder / 'roll.db'}", file, plan),
            *_on("PostgreSQL", postgres.create(), file, plan),
        ]
    finally:
        postgres.stop()
        shutil.rmtree(folder)


def _on(name: str, url: str, file: Path, plan: Plan) -> list[Figure]:
    database = Database(url)
    migrate.upgrade(database)
    beside = Beside(database, file.parent)
    beside.start()
    try:
        run = imports.import_units(url, file)
    finally:
        beside.stop()
        database.close()
    title = f"{name}, {plan.rows:,} rows"
    slowest = sorted(beside.runs, key=lambda job: -beside.runs[job])[:5]
    for failure in beside.failures[:10]:
        print(f"  {failure}")
    return [
        figure(BENCH, f"{title}: import", [run.seconds], "s"),
        figure(BENCH, f"{title}: CPU of the import", [run.cpu], "s"),
        figure(BENCH, f"{title}: longest wait of {len(beside.waits):,} batches of ingest", [max(beside.waits)], "s", most=_LONGEST),
        figure(BENCH, f"{title}: longest batch of ingest", [max(beside.batches)], "s"),
        *(figure(BENCH, f"{title}: job {job}, longest run", [beside.runs[job]], "s") for job in slowest),
        figure(BENCH, f"{title}: failed batches and jobs", [len(beside.failures)], "", most=0),
    ]
