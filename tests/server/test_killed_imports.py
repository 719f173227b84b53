"""An import and an undo whose process is killed at random statements leave nothing twice and nothing missing."""

import os
import random
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from musterroll.domain.operations.health import parts, problems
from musterroll.storage.audit.verify import verify
from musterroll.storage.engine.database import Database
from musterroll.usecases.imports import history
from musterroll.usecases.notifications import detect
from musterroll.usecases.operations import health
from musterroll.usecases.operations.health import HostFacts
from sqlalchemy import text

ROWS = 9_600
PROGRAM = """
import os, signal, sys
from datetime import datetime
from musterroll import long_work
from musterroll.readers.document import Document, digest
from musterroll.storage.engine.database import Database
from musterroll.usecases.imports.document_kinds import KINDS
from musterroll.usecases.imports.importer import Source
from musterroll.usecases.undo import undo as undo_changes
from sqlalchemy import Engine, event

url, path, what, at, *points = sys.argv[1:]
now = datetime.fromisoformat(at)
long_work._FIRST, long_work._FEWEST, long_work._MOST, long_work._PAUSE, undo_changes._BATCH = 240, 240, 240, 0, 600

def work():
    database = Database(url)
    if what == "import":
        file = open(path, "rb")
        source = Source("units.csv", "kim", now)
        long_work.import_document(database, Document(file, KINDS["units"]), lambda verdict: None, source, digest(file), lambda: now)
    else:
        long_work.undo_import(database, int(what), "kim", lambda: now)

def killed_at(point):
    left = int(point)
    def count(*_):
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(Engine, name, count)

for point in points:
    child = os.fork()
    if child == 0:
        killed_at(point) if point != "0" else None
        work()
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    print("killed" if status == signal.SIGKILL else "done" if status == 0 else "failed")
"""


@pytest.mark.fault
def test_killed_anywhere_nothing_is_twice_and_nothing_is_missing(database: Database, tmp_path: Path, now: datetime) -> None:
    path, drawn = tmp_path / "units.csv", random.Random(database.dialect)
    lines = (f"SN{n},Acme,Pump {n % 3},2025-01-05,,A{n % 4},S{n % 4},24\n" for n in range(ROWS))
    path.write_text("Serial Number,Manufacturer,Model,Ship Date,Install Date,Account ID,Site ID,Warranty Months\n" + "".join(lines))

    def run(what: str, *points: int) -> list[str]:
        program = [sys.executable, "-c", PROGRAM, database.url, str(path), what, now.isoformat(), *map(str, points)]
        return subprocess.run(program, check=True, capture_output=True, text=True).stdout.split()

    assert run("import", 150, *(drawn.randint(1, 250) for _ in range(3))) == ["killed"] * 4
    interrupted = is_shown_as_interrupted(database, now, "import of units from units.csv was interrupted at line")
    point = 50
    while not is_being_undone(database, interrupted):
        assert run(str(interrupted), point) == ["killed"]
        point += drawn.randint(50, 150)
    assert is_shown_as_interrupted(database, now, "undo of the import of units from units.csv was interrupted") == interrupted
    assert run(str(interrupted), 0) == ["done"]
    assert count_of(database, "unit", "warranty_period", "account", "site", "product") == [0] * 5
    assert proven(database)

    assert run("import", *(drawn.randint(1, 300) for _ in range(3)), 0) == ["killed"] * 3 + ["done"]
    with database.snapshot() as session:
        complete = history.runs(session)[0]
        assert (complete.line, complete.counts["new"], sum(complete.counts.values())) == (None, ROWS, ROWS)
        assert session.execute(text("SELECT count(*), count(DISTINCT serial) FROM unit")).one() == (ROWS, ROWS)
        assert session.execute(text(f"SELECT count(*) FROM import_row WHERE run_id = {complete.id}")).scalar() == ROWS
    assert proven(database)
    assert run(str(complete.id), *(drawn.randint(1, 500) for _ in range(2)), 0) == ["killed", "killed", "done"]
    assert count_of(database, "unit", "warranty_period", "account", "site", "product") == [0] * 5
    assert proven(database)


def is_shown_as_interrupted(database: Database, now: datetime, sentence: str) -> int:
    """In the history, by an event and under Health, once nobody has gone on for a while. Returns the number of the import."""
    later = now + timedelta(minutes=20)
    with database.snapshot() as session:
        run = history.runs(session)[0]
        shown = health.examine(session, HostFacts(0.1, 1, 1, True, ()), later)
    command = [sys.executable, "-m", "musterroll", "imports", "list"]
    environment = {**os.environ, "MUSTERROLL_DATABASE_URL": database.url}
    assert "interrupted" in subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    (part,) = [part for part in problems(parts(shown.facts)) if part.name == "Imports"]
    assert sentence in part.says
    for _ in range(2):
        with database.transaction() as session:
            detect.detect_events(session, later)
    with database.snapshot() as session:
        events = session.execute(text("SELECT detail FROM event WHERE kind = 'import_interrupted' ORDER BY id")).scalars().all()
    assert sentence in events[-1]
    assert len(events) == len(set(events))
    return run.id


def is_being_undone(database: Database, run_id: int) -> bool:
    with database.snapshot() as session:
        return history.run(session, run_id).undoing


def count_of(database: Database, *tables: str) -> list[int]:
    with database.snapshot() as session:
        return [session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables]


def proven(database: Database) -> bool:
    with database.snapshot() as session:
        return verify(session).first_bad is None
