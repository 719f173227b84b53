"""The whole reconciliation stored, a thousand changes, the counts of a dashboard, verdicts by REST: a million units and 200,000 lines on
PostgreSQL, a tenth of it on SQLite."""

import gc
import http.client
import json
import random
import shutil
import signal
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from musterroll import long_work
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine import migrate
from musterroll.storage.engine.database import Database
from musterroll.storage.reconciliation import cell_counters, unit_states
from musterroll.usecases.access import api_tokens
from musterroll.usecases.reconciliation import parts
from musterroll.usecases.reconciliation import run as reconciliation_run
from sqlalchemy import bindparam, text

from tests.bench import brokers, fleets, records
from tests.bench.measuring import Figure, figure, percentile
from tests.bench.million import web
from tests.support.instances import scratch
from tests.support.postgres import PostgresServer
from tests.support.workers import WorkerProcess, wait_for_pulse

BENCH = "reconciliation"
_TURN = text(
    "UPDATE unit_status SET stale_since = CASE WHEN stale_since IS NULL THEN heard_at END WHERE unit_id IN :ids AND heard_at IS NOT NULL"
).bindparams(bindparam("ids", expanding=True))


class Plan(NamedTuple):
    units: int
    lines: int
    rounds: int
    changed: int
    verdicts: int


FULL = Plan(1_000_000, 200_000, 3, 1000, 2000)
EMBEDDED = Plan(100_000, 20_000, 3, 1000, 2000)
QUICK = Plan(20_000, 4_000, 2, 100, 200)


def measure(quick: bool) -> list[Figure]:
    folder, postgres = scratch(), PostgresServer(**records.ROOMY)
    try:
        return [
            *_on(Database(postgres.create()), "PostgreSQL", QUICK if quick else FULL, folder),
            *_on(Database(f"sqlite:///{folder / 'roll.db'}"), "SQLite", QUICK if quick else EMBEDDED, folder),
        ]
    finally:
        postgres.stop()
        shutil.rmtree(folder)


def _on(database: Database, name: str, plan: Plan, folder: Path) -> list[Figure]:
    try:
        return _measure(database, f"{name}, {plan.units:,} units, {plan.lines:,} lines", plan, folder)
    finally:
        database.close()


def _measure(database: Database, title: str, plan: Plan, folder: Path) -> list[Figure]:
    now = datetime.now(UTC)
    migrate.upgrade(database)
    gc.freeze()  # as the process does that reconciles
    began = time.monotonic()
    records.fill(database, plan.units, plan.lines, to_ms(now), now.date().isoformat())
    print(f"  ({title}: filled in {time.monotonic() - began:.0f} s)", flush=True)
    first = _whole(database, now)
    fleets.analyze(database)
    again = [_whole(database, now) for _ in range(plan.rounds)]
    alone, shared = _by_turns(database, plan, folder) if database.dialect == "postgresql" else ([], [])
    changed = [_changed(database, plan, now, seed) for seed in range(plan.rounds)]
    _equal_to_a_recount(database, now)
    verdicts = _verdicts(database, plan, folder, now)
    return [
        figure(BENCH, f"{title}: reconciled, every finding new", [first], "s", most=10),
        figure(BENCH, f"{title}: reconciled again", again, "s", most=10),
        *([figure(BENCH, f"{title}: reconciled again, by turns with the next", alone, "s")] if alone else []),
        *([figure(BENCH, f"{title}: reconciled again with a worker", shared, "s")] if shared else []),
        figure(BENCH, f"{title}: {plan.changed:,} units changed", changed, "ms", most=500),
        figure(BENCH, f"{title}: counts by cell", [_counts(database) for _ in range(20)], "ms", most=50),
        figure(BENCH, f"{title}: verdict over REST p50", [percentile(verdicts, 0.5)], "ms"),
        figure(BENCH, f"{title}: verdict over REST p99", [percentile(verdicts, 0.99)], "ms", most=10),
    ]


def _whole(database: Database, now: datetime) -> float:
    """Seconds of one whole run, stored and committed."""
    began = time.perf_counter()
    found = long_work.reconcile(database, now, now)
    taken = time.perf_counter() - began
    print(f"  ({sum(found.findings.values()):,} findings; stored {found.stored})", flush=True)
    return taken


def _by_turns(database: Database, plan: Plan, folder: Path) -> tuple[list[float], list[float]]:
    """Seconds of whole runs by this process alone, and with a worker, which is there for that run only."""
    alone, shared = list[float](), list[float]()
    with patch.object(parts, "_LEAST", plan.units):
        for _ in range(plan.rounds):
            alone.append(_whole(database, datetime.now(UTC)))
            worker = WorkerProcess(database, folder / "worker")
            try:
                wait_for_pulse(database)
                shared.append(_whole(database, datetime.now(UTC)))
                worker.send(signal.SIGTERM)
                worker.ended()
            finally:
                worker.stop()
    return alone, shared


def _changed(database: Database, plan: Plan, now: datetime, seed: int) -> float:
    """Milliseconds to reconcile again what some units, gone silent or heard again, can have changed; committed."""
    ids = random.Random(seed).sample(range(1, plan.units + 1), plan.changed)
    with database.transaction() as session:
        session.connection().execute(_TURN, {"ids": ids})
    began = time.perf_counter()
    with database.transaction() as session:
        reconciliation_run.reconcile_changed(session, ids, now)
    return (time.perf_counter() - began) * 1000


def _equal_to_a_recount(database: Database, now: datetime) -> None:
    """What the changes left is what a whole run would find."""
    with database.transaction() as session:
        kept = cell_counters.counts(session)
        assert kept == cell_counters.recount(session), "the counts kept are not those of how each unit was left"
        assert kept == reconciliation_run.reconcile(session, now, now, store=False).cells, "the counts kept are not those of a recount"
        found = reconciliation_run.reconcile(session, now, now, store=True)
        assert found.stored == (0, 0, 0), f"a whole run after the changes still changed findings: {found.stored}"


def _counts(database: Database) -> float:
    with database.snapshot() as session:
        session.connection()
        began = time.perf_counter()
        counted = cell_counters.counts(session)
        taken = (time.perf_counter() - began) * 1000
    assert set(counted) == set(unit_states.by_code({}))
    return taken


def _verdicts(database: Database, plan: Plan, folder: Path, now: datetime) -> list[float]:
    """Milliseconds of each of many verdicts on random units over one connection that is kept open."""
    with database.transaction() as session:
        lasts = now + timedelta(days=1)
        _, token = api_tokens.create(session, label="bench", scopes=["read"], expires_at=lasts, actor="bench", now=now)
    broker = brokers.broker(brokers.password_file(folder, []))
    dice, headers, taken = random.Random(1), {"Authorization": f"Bearer {token}"}, []
    try:
        with web(database, broker, folder) as port, closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as link:
            for turn in range(plan.verdicts + 50):
                began = time.perf_counter()
                link.request("GET", f"/api/v1/units/{fleets.uid(dice.randint(1, plan.units))}/coverage", headers=headers)
                response = link.getresponse()
                body = response.read()
                if turn >= 50:  # a worker that has just started imports and connects first
                    taken.append((time.perf_counter() - began) * 1000)
                assert response.status == 200, body
                assert json.loads(body)["answer"]
    finally:
        broker.stop()
    return taken
