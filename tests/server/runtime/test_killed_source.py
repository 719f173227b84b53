"""A source whose process is killed in the middle, ten times, leaves nothing twice and nothing missing."""

import random
import subprocess
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Event

import pytest
from musterroll.storage.audit import changes as audit_changes
from musterroll.storage.engine.database import Database
from musterroll.storage.imports import sources as stored
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.imports import DocumentSource
from sqlmodel import select

from tests.support.api_server import Answer, Asked, api_server
from tests.support.apis.salesforce import Salesforce
from tests.support.sources import SourceBench

ROWS, PAGE, TIMES = 400, 20, 10
PROGRAM = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from musterroll.runtime.source_runner import SourceRunner
from musterroll.settings import Settings
from musterroll.sources.rest import client
from musterroll.storage.engine.database import Database
from musterroll.usecases.imports import source_runs

def run():
    settings = Settings(data_dir=Path(sys.argv[2]), source_hosts=["127.0.0.1"])
    SourceRunner(Database(sys.argv[1]), settings, lambda: datetime.now(UTC)).run(1)

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def killed_after(number, rows=client.Api.rows):
    def some(*args):
        for place, row in enumerate(rows(*args)):
            die() if place == number else None
            yield row
    return some

def killed_before_commit(*args, remember=source_runs._remember):
    remember(*args)
    die()

for turn in range(int(sys.argv[3])):
    child = os.fork()
    if child == 0:
        if turn % 2:
            source_runs._remember = killed_before_commit
        else:
            client.Api.rows = killed_after(turn * 45)
        run()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
"""


@pytest.mark.fault
def test_killed_ten_times_nothing_is_twice_and_nothing_is_missing(database: Database, tmp_path: Path, now: datetime) -> None:
    bench = SourceBench(database, tmp_path, now)

    def answer(asked: Asked) -> Answer:
        since, offset = asked.query.get("from", ""), int(asked.query["offset"])
        tickets = [ref for ref in (f"T{number:04d}" for number in range(ROWS)) if ref >= since]
        return Answer({"items": [{"Ticket": ref, "Opened": "2026-10-01"} for ref in tickets[offset : offset + PAGE]]})

    with api_server(answer) as server:
        paging = {"paging": "offset", "limit": str(PAGE), "rows": "items"}
        cursor = {"cursor_field": "Ticket", "cursor_param": "from"}
        bench.put("rest", "incidents", {"url": f"{server.url}/tickets", **paging, **cursor})
        with database.transaction() as session:
            session.get_one(DocumentSource, 1).approved = True
        program = [sys.executable, "-c", PROGRAM, database.url, str(bench.settings.data_dir), str(TIMES)]
        subprocess.run(program, check=True)
        assert bench.rows("SELECT (SELECT count(*) FROM incident), (SELECT count(*) FROM import_run)") == [(0, 0)]
        assert bench.source().cursor == {}
        bench.run()
        assert bench.rows("SELECT count(*), count(DISTINCT ref) FROM incident") == [(ROWS, ROWS)]
        assert bench.source().cursor == {"highest": f"T{ROWS - 1:04d}"}
        server.asked.clear()
        bench.run()
        assert server.asked[0].query["from"] == f"T{ROWS - 1:04d}"
        assert bench.rows("SELECT count(*), (SELECT count(*) FROM import_run) FROM incident") == [(ROWS, 1)]


ONE_RUN = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from musterroll.runtime.source_runner import SourceRunner
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database

folder = Path(sys.argv[2])
settings = Settings(data_dir=folder / "data", source_hosts=["127.0.0.1"], source_secrets=folder / "secrets")
SourceRunner(Database(sys.argv[1]), settings, lambda: datetime.now(UTC)).run(1)
"""
ACCOUNTS, ACCOUNT_PAGE = 300, 50
LONGEST = 0.6  # seconds from a page to the end of the process


@pytest.mark.fault
def test_killed_at_random_while_pages_come_and_records_change(database: Database, tmp_path: Path, now: datetime) -> None:
    """Whichever of the ten runs comes to its end before it is killed, the records are those of the CRM, each created once."""
    bench, chance = SourceBench(database, tmp_path, now), random.Random(f"{database.url}{tmp_path}")
    with Salesforce().running() as crm:
        crm.page = ACCOUNT_PAGE
        empty = dict.fromkeys(("ParentId", "Website", "Phone", "BillingPostalCode", "BillingCountry", "Industry"))
        for number in range(ACCOUNTS):
            crm.put("Account", f"001A{number:04}", Name=f"Account {number}", **empty)
        named = {"url": crm.url, "client_id": "client", "client_secret": bench.secret("s3cret")}
        bench.put("salesforce", "accounts", named, most_changed=100)
        with database.transaction() as session:
            session.get_one(DocumentSource, 1).approved = True
        killed = 0
        for turn in range(TIMES):
            killed += _killed(bench, crm, chance)
            crm.later(hours=1)
            crm.put("Account", f"001A{turn:04}", Name=f"Renamed {turn}")
            crm.put("Account", f"001B{turn:04}", Name=f"New {turn}", **empty)
        assert killed > 0
        crm.meanwhile = lambda: None
        bench.run()
        expected = {(ident, record["Name"]) for ident, record in crm.objects["Account"].items()}
    assert set(bench.rows("SELECT ref, name FROM account")) == expected
    assert bench.rows("SELECT count(*) FROM account") == [(ACCOUNTS + TIMES,)]
    with database.snapshot() as session:
        changes = session.exec(select(AuditChange.id)).all()
        entries = [entry for change in changes for entry in audit_changes.entries_back(session, change or 0, None, 1_000)]
    created = [entry.key for entry in entries if entry.table == "account" and entry.before is None]
    assert (len(created), len(set(created))) == (ACCOUNTS + TIMES, ACCOUNTS + TIMES)


def _killed(bench: SourceBench, crm: Salesforce, chance: random.Random) -> bool:
    """Run the source in a process of its own, and kill it some time after some page. Returns whether it was still running."""
    pages, reached = iter(range(1_000)), Event()
    last = chance.randrange(ACCOUNTS // ACCOUNT_PAGE)
    crm.meanwhile = lambda: reached.set() if next(pages) >= last else None
    program = [sys.executable, "-c", ONE_RUN, bench.database.url, str(bench.lists.parent)]
    child = subprocess.Popen(program)
    while not reached.wait(0.05) and child.poll() is None:
        pass
    with suppress(subprocess.TimeoutExpired):
        child.wait(chance.uniform(0, LONGEST))
    running = child.poll() is None
    child.kill()
    child.wait()
    return running


IN_STEPS = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from musterroll import long_work
from musterroll.runtime import source_runner
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from sqlalchemy import Engine, event

source_runner._LARGE, long_work._FIRST, long_work._FEWEST, long_work._MOST, long_work._PAUSE = 50, 40, 40, 40, 0
settings = Settings(data_dir=Path(sys.argv[2]), source_folders=[sys.argv[3]])

def killed_at(left):
    def count(*_):
        nonlocal left
        left -= 1
        os.kill(os.getpid(), signal.SIGKILL) if left == 0 else None
    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(Engine, name, count)

for point in sys.argv[4:]:
    child = os.fork()
    if child == 0:
        killed_at(int(point))
        source_runner.SourceRunner(Database(sys.argv[1]), settings, lambda: datetime.now(UTC)).run(1)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert status in (0, signal.SIGKILL)
"""


@pytest.mark.fault
def test_a_large_document_whose_import_is_killed_is_gone_on_with_before_the_cursor_moves(
    database: Database, tmp_path: Path, now: datetime
) -> None:
    bench, drawn = SourceBench(database, tmp_path, now), random.Random(database.dialect)
    (bench.lists / "units.csv").write_text("Serial,Maker,Model\n" + "".join(f"SN{number},Acme,Pump\n" for number in range(ROWS)))
    bench.put("folder", "units", {"path": str(bench.lists)})
    with database.transaction() as session:
        session.get_one(DocumentSource, 1).approved = True
    point, counts = 120, []
    while not bench.source().cursor:
        point += drawn.randint(1, 40)
        program = [sys.executable, "-c", IN_STEPS, database.url, str(bench.settings.data_dir), str(bench.lists), str(point)]
        subprocess.run(program, check=True)
        (complete,) = bench.rows("SELECT count(*) FROM source_run WHERE state = 'imported'")[0]
        assert complete == bool(bench.source().cursor)
        counts += bench.rows("SELECT count(*) FROM unit")[0]
    assert any(0 < count < ROWS for count in counts)
    assert bench.rows("SELECT count(*), count(DISTINCT serial) FROM unit") == [(ROWS, ROWS)]
    assert bench.rows("SELECT count(*), (SELECT count(*) FROM source_run) FROM import_run") == [(1, 1)]
    with database.snapshot() as session:
        assert len(stored.keys(session, 1).keys) == 8 * ROWS
    assert bench.run() is None
