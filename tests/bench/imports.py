"""A unit list of a million rows through `musterroll import`: how long it takes and how much memory, new and once more."""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from tests.bench import records
from tests.bench.measuring import Figure, figure
from tests.support.instances import scratch
from tests.support.postgres import PostgresServer

BENCH = "imports"
_HEAD = "Serial Number,Manufacturer,Model,Ship Date,Install Date,Status,Account ID,Site ID,Warranty Months\n"
_STAGES = ["Installed"] * 18 + ["In Stock", "Retired"]
_SECONDS, _MEBIBYTES = 120, 512


class Plan(NamedTuple):
    rows: int
    sites: int


FULL = Plan(rows=1_000_000, sites=20_000)
QUICK = Plan(rows=10_000, sites=500)


class Run(NamedTuple):
    seconds: float
    cpu: float  # seconds of the command's own
    mebibytes: float


def measure(quick: bool) -> list[Figure]:
    plan, folder, postgres = QUICK if quick else FULL, scratch(), PostgresServer(**records.ROOMY)
    try:
        file = folder / "units.csv"
        write(file, plan)
        return [
            *_on("PostgreSQL", postgres.create(), file, plan),
            *_on("SQLite", f"sqlite:///{folder / 'roll.db'}", file, plan),
        ]
    finally:
        postgres.stop()
        shutil.rmtree(folder)


def write(file: Path, plan: Plan) -> None:
    """A list in no order, of units at many places."""
    drawn = random.Random(1)
    with file.open("w") as out:
        out.write(_HEAD)
        for number in range(plan.rows):
            year, month, day, site = drawn.randint(2019, 2026), drawn.randint(1, 9), drawn.randint(1, 28), drawn.randrange(plan.sites)
            out.write(
                f"PF{number * 7919 % 99_999_989:08}{number % 97:02},Acme{site % 7},Model {number % 40},{year}-{month:02}-{day:02},"
                f"{year}-{month + 2:02}-{day:02},{drawn.choice(_STAGES)},A{site // 5:05},S{site:05},{drawn.choice((12, 24, 36))}\n"
            )


def import_units(url: str, file: Path) -> Run:
    """Into a database that is up to date already."""
    return _run({**os.environ, "MUSTERROLL_DATABASE_URL": url}, "import", "units", str(file), "--yes")


def _on(name: str, url: str, file: Path, plan: Plan) -> list[Figure]:
    environment = {**os.environ, "MUSTERROLL_DATABASE_URL": url}
    _run(environment, "db", "upgrade")
    first, again = (_run(environment, "import", "units", str(file), "--yes") for _ in range(2))
    title = f"{name}, {plan.rows:,} rows"
    return [
        figure(BENCH, f"{title}: imported, audited, undoable", [first.seconds], "s", most=_SECONDS),
        figure(BENCH, f"{title}: CPU of the command", [first.cpu], "s"),
        figure(BENCH, f"{title}: memory", [first.mebibytes], "MiB", most=_MEBIBYTES),
        figure(BENCH, f"{title}: the same file again", [again.seconds], "s"),
    ]


def _run(environment: dict[str, str], *arguments: str) -> Run:
    """One command to its end: what it took, and the most memory it held."""
    began = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-m", "musterroll", *arguments], env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"musterroll {' '.join(arguments)} ended with status {child.returncode}")
    return Run(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
