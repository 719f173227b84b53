"""A million units: what a sweep takes, and what a look-up takes over HTTP, alone and beside a thousand heartbeats a second."""

import http.client
import json
import random
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine import migrate
from musterroll.storage.engine.database import Database
from musterroll.usecases.access import api_tokens
from musterroll.usecases.liveness import stale_sweep
from sqlalchemy import text

from tests.bench import brokers, fleets
from tests.bench.children import Child
from tests.bench.generator import Load
from tests.bench.measuring import Figure, figure, percentile
from tests.bench.registry import environment, start_ingest
from tests.support.instances import answers, free_port, scratch, until
from tests.support.mosquitto import Mosquitto
from tests.support.postgres import PostgresServer

BENCH = "million"


class Plan(NamedTuple):
    units: int
    rounds: int
    look_ups: int
    beating: int  # units that send a heartbeat every second beside the look-ups


FULL = Plan(units=1_000_000, rounds=5, look_ups=1000, beating=1000)
QUICK = Plan(units=20_000, rounds=1, look_ups=200, beating=200)


def measure(quick: bool) -> list[Figure]:
    plan = QUICK if quick else FULL
    folder, postgres = scratch(), PostgresServer()
    try:
        return [
            *_on(Database(postgres.create()), "PostgreSQL", plan, folder),
            *_on(Database(f"sqlite:///{folder / 'roll.db'}"), "SQLite", plan, folder),
        ]
    finally:
        postgres.stop()
        shutil.rmtree(folder)


def _on(database: Database, name: str, plan: Plan, folder: Path) -> list[Figure]:
    now = datetime.now(UTC)
    migrate.upgrade(database)
    began = time.monotonic()
    fleets.fill(database, plan.units, to_ms(now))
    title = f"{name}, {plan.units:,} units"
    print(f"  ({title}: filled in {time.monotonic() - began:.0f} s)", flush=True)
    try:
        return [*_sweeps(database, title, plan, now), *_look_ups(database, title, plan, folder)]
    finally:
        database.close()


def _sweeps(database: Database, title: str, plan: Plan, now: datetime) -> list[Figure]:
    idle = [_sweep(database, now, due=0) for _ in range(plan.rounds)]
    busy = [_sweep(database, now, due=1000) for _ in range(plan.rounds)]
    return [
        figure(BENCH, f"{title}: sweep, none due", idle, "ms", most=200),
        figure(BENCH, f"{title}: sweep, 1,000 due and committed", busy, "ms"),
    ]


def _sweep(database: Database, now: datetime, due: int) -> float:
    """Milliseconds of one sweep with `due` units silent for too long; afterwards they are as they were."""
    heard, lost = to_ms(now), to_ms(now - timedelta(minutes=10))
    of = {"due": due, "heard": heard, "lost": lost}
    with database.transaction() as session:
        session.connection().execute(text("UPDATE unit_status SET heard_at = :lost WHERE unit_id <= :due"), of)
    began = time.perf_counter()
    with database.transaction() as session:
        swept = stale_sweep.sweep(session, now)
    taken = (time.perf_counter() - began) * 1000
    assert len(swept.newly_stale) == due, f"the sweep called {len(swept.newly_stale)} units stale, {due} were"
    with database.transaction() as session:
        session.connection().execute(text("UPDATE unit_status SET heard_at = :heard, stale_since = NULL WHERE unit_id <= :due"), of)
        session.connection().execute(text("DELETE FROM unit_state_change"))
    return taken


def _look_ups(database: Database, title: str, plan: Plan, folder: Path) -> list[Figure]:
    now = datetime.now(UTC)
    with database.transaction() as session:
        lasts = now + timedelta(days=1)
        _, token = api_tokens.create(session, label="bench", scopes=["read"], expires_at=lasts, actor="bench", now=now)
    units = [fleets.uid(number) for number in range(1, plan.beating + 1)]
    broker = brokers.broker(brokers.password_file(folder, units))
    try:
        with web(database, broker, folder) as port:
            _round(port, token, plan._replace(look_ups=50))  # a fresh worker's first requests open its database
            alone = [_round(port, token, plan) for _ in range(plan.rounds)]
            with _beating(database, broker, folder, units):
                beside = [_round(port, token, plan) for _ in range(plan.rounds)]
    finally:
        broker.stop()
    return [
        *_percentiles(f"{title}: look-up", alone, most=10),
        *_percentiles(f"{title}: look-up beside {plan.beating:,} heartbeats/s", beside),
    ]


def _percentiles(name: str, rounds: list[list[float]], most: float | None = None) -> Iterator[Figure]:
    for share in (0.5, 0.95, 0.99):
        values = [percentile(taken, share) for taken in rounds]
        yield figure(BENCH, f"{name} p{share * 100:.0f}", values, "ms", most=most if share == 0.99 else None)


def _round(port: int, token: str, plan: Plan) -> list[float]:
    """Looks up random serials on one connection that is kept open; milliseconds until each whole answer is here."""
    dice, headers, taken = random.Random(1), {"Authorization": f"Bearer {token}"}, []
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as link:
        for _ in range(plan.look_ups):
            wanted = fleets.serial(dice.randint(1, plan.units))
            began = time.perf_counter()
            link.request("GET", f"/api/v1/lookup?code={wanted}", headers=headers)
            response = link.getresponse()
            body = response.read()
            taken.append((time.perf_counter() - began) * 1000)
            assert response.status == 200, body
            assert json.loads(body)["units"][0]["serial"] == wanted
    return taken


@contextmanager
def web(database: Database, broker: Mosquitto, folder: Path) -> Iterator[int]:
    """`musterroll web` with one worker process."""
    port = free_port()
    listen = {"MUSTERROLL_HTTP_LISTEN": f"127.0.0.1:{port}"}
    child = Child("musterroll", "web", "--workers", "1", environment={**environment(database, broker, folder), **listen}, quiet=True)
    try:
        until(lambda: answers(port), "the pages are served", 60)
        yield port
    finally:
        child.stop()


@contextmanager
def _beating(database: Database, broker: Mosquitto, folder: Path, units: list[str]) -> Iterator[None]:
    """A heartbeat a second from every one of `units`, taken in by `musterroll ingest`."""
    ingest, generator = start_ingest(database, broker, folder), Child("tests.bench.generator")
    try:
        passwords = [brokers.PASSWORD] * len(units)
        load = Load(broker.port, units, passwords, each=300, epoch=1, kind="heartbeat", window=1, rate=len(units))
        generator.tell(load)
        generator.hear()
        generator.tell()
        yield
    finally:
        generator.stop()
        ingest.stop()
