"""Every page of the URL map over a million units with their records: server time of a GET, signed in, after the scheduled jobs have run."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from flask import Flask
from flask.testing import FlaskClient
from musterroll.domain.values.instants import to_ms
from musterroll.metrics import Metrics
from musterroll.runtime import figure_jobs
from musterroll.runtime.app import create_app
from musterroll.runtime.jobs import jobs
from musterroll.settings import Settings
from musterroll.storage.engine import migrate
from musterroll.storage.engine.database import Database
from musterroll.usecases.access import sessions as access_sessions
from sqlalchemy import text
from werkzeug.routing import Rule

from tests.bench import fleets, records
from tests.bench.measuring import Figure, figure, percentile
from tests.support.instances import scratch
from tests.support.postgres import PostgresServer

BENCH = "pages"
_PASSWORD = "a million and one pages"
_TURNS = ("reconcile", "snapshot", "plan", "figures")  # jobs whose work pages rest on
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
# What stands for the arguments of rules that have some, and further questions that are asked of a page.
_NAMED = {
    "/accounts/<ref>": ["/accounts/A1"],
    "/contracts/<ref>": ["/contracts/C1000001"],
    "/findings/<int:number>": ["/findings/1"],
    "/installed-base/<month>/<step>": ["/installed-base/{month}/gone_stale"],
    "/products/<int:product_id>": ["/products/1"],
    "/segments/<key>": ["/segments/attach", "/segments/dormant"],
    "/units/<uid>": ["/units/u77"],
    "/units/<uid>/deploy": ["/units/u77/deploy"],
}
_MORE = {
    "/": ["/?code=BM10000077"],
    "/fleet": [
        "/fleet?liveness=stale",
        "/fleet?under=A1&operating=no",
        "/fleet?cells=110",
        "/fleet?cells=011&warranty=yes",
        "/fleet?text=10042",
    ],
    "/findings": ["/findings?kind=operating_uncovered", "/findings?account=A1"],
    "/installed-base": [
        *(f"/installed-base?by={by}" for by in ("segment", "product", "country", "firmware", "age")),
        "/installed-base?account=A1",
    ],
    "/renewals": ["/renewals?within=90&only=risk", "/renewals?account=A1"],
    "/licences": ["/licences?by=account", "/licences?by=each&kind=device", "/licences/lines", "/licences/lines?account=A1"],
    "/targets": ["/targets"],
}


class Plan(NamedTuple):
    units: int
    lines: int
    rounds: int


FULL = Plan(1_000_000, 200_000, 10)
QUICK = Plan(20_000, 4_000, 3)


def measure(quick: bool) -> list[Figure]:
    plan = QUICK if quick else FULL
    folder, postgres = scratch(), PostgresServer()
    try:
        found = _measure(Database(f"sqlite:///{folder / 'roll.db'}"), "SQLite", plan, folder)
        return [*found, *_measure(Database(postgres.create()), "PostgreSQL", plan, folder)]
    finally:
        postgres.stop()


def _measure(database: Database, name: str, plan: Plan, folder: Path) -> list[Figure]:
    try:
        app = _app(database, plan, folder)
        with app.test_client() as client:
            _sign_in(client)
            return [_page(client, address, f"{name}, {plan.units:,} units: {address}", plan.rounds) for address in _addresses(app)]
    finally:
        database.close()


def _app(database: Database, plan: Plan, folder: Path) -> Flask:
    now = datetime.now(UTC)
    migrate.upgrade(database)
    began = time.monotonic()
    records.fill(database, plan.units, plan.lines, to_ms(now), now.date().isoformat())
    with database.transaction() as session:
        access_sessions.ensure_admin(session, _PASSWORD, now)
        session.connection().execute(text("UPDATE site SET latitude = 38 + id % 23, longitude = -9 + id % 37"))
    print(f"  (filled in {time.monotonic() - began:.0f} s)", flush=True)
    settings = Settings(data_dir=folder)
    _turns(settings, database, now)
    fleets.analyze(database)
    return create_app(settings, database, Metrics(), {})


def _turns(settings: Settings, database: Database, now: datetime) -> None:
    """The schedule's turns, as many as it takes until nothing is due."""
    work = {job.name: job.work for job in jobs(settings, database)}
    for name in _TURNS:
        began = time.monotonic()
        work[name](now)
        while name == "figures" and _due(database, now):
            work[name](now)
        print(f"  ({name}: {time.monotonic() - began:.1f} s)", flush=True)


def _due(database: Database, now: datetime) -> bool:
    with database.snapshot() as session:
        return bool(figure_jobs.due(session, now))


def _sign_in(client: FlaskClient) -> None:
    token = _TOKEN.search(client.get("/sign-in").text)
    assert token
    answer = client.post("/sign-in", data={"csrf_token": token[1], "name": "admin", "password": _PASSWORD})
    assert answer.status_code == 303


def _addresses(app: Flask) -> list[str]:
    """Every page a person may open, with what stands for its arguments."""
    return [address for rule in app.url_map.iter_rules() if _is_page(rule) for address in _asked(rule.rule)]


def _is_page(rule: Rule) -> bool:
    return rule.endpoint.startswith("pages.") and "GET" in (rule.methods or ()) and (not rule.arguments or rule.rule in _NAMED)


def _asked(rule: str) -> Iterator[str]:
    for address in [*_NAMED.get(rule, [rule]), *_MORE.get(rule, [])]:
        yield address.format(month=f"{datetime.now(UTC):%Y-%m}")


def _page(client: FlaskClient, address: str, name: str, rounds: int) -> Figure:
    """The 95th percentile of the milliseconds until the whole answer is there; the first GET only warms up."""
    taken = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        status = client.get(address).status_code
        taken.append((time.perf_counter() - began) * 1000)
        assert status in (200, 302, 303), f"{address}: {status}"
    return figure(BENCH, name, [percentile(taken[1:], 0.95)], "ms p95", most=300)
