"""A million units with four years of history and 300,000 incidents: what the schedule does for plans (exposure counted anew and grown by a
day, facts gathered and back-tested), and the plan that is made of what it keeps."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine import migrate
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.units import Incident
from musterroll.usecases.capacity import exposure as capacity_exposure
from musterroll.usecases.capacity import facts as plan_facts
from musterroll.usecases.capacity import plans as capacity_plans
from musterroll.usecases.reconciliation import run as reconciliation_run
from sqlalchemy import text

from tests.bench import fleets, records
from tests.bench.measuring import Figure, figure
from tests.support.postgres import PostgresServer

BENCH = "plans"
_DAY = 86_400_000
_BEGUN = (
    "UPDATE unit_status SET first_heard_at = "
    "(SELECT (u.installed_on - DATE '1970-01-01')::bigint * 86400000 FROM unit u WHERE u.id = unit_id)"
)
_SAY = """
INSERT INTO unit_state_change (unit_id, at, recorded_at, axis, old, new, cause, actor)
SELECT unit_id, first_heard_at + {later}, first_heard_at + {later}, 'liveness', {old}, {new}, 'bench', 'bench' FROM unit_status
WHERE first_heard_at IS NOT NULL {which}"""


class Plan(NamedTuple):
    units: int
    lines: int
    incidents: int
    rounds: int


FULL = Plan(1_000_000, 200_000, 300_000, 3)
QUICK = Plan(20_000, 4_000, 6_000, 2)


def measure(quick: bool) -> list[Figure]:
    plan = QUICK if quick else FULL
    postgres = PostgresServer()
    database = Database(postgres.create())
    try:
        return _measure(database, plan)
    finally:
        database.close()
        postgres.stop()


def _measure(database: Database, plan: Plan) -> list[Figure]:
    now = datetime.now(UTC)
    migrate.upgrade(database)
    began = time.monotonic()
    _fill(database, plan, now)
    title = f"PostgreSQL, {plan.units:,} units, {plan.incidents:,} incidents"
    print(f"  ({title}: filled in {time.monotonic() - began:.0f} s)", flush=True)
    anew = _taken(lambda: _follow(database, now - timedelta(days=1), anew=True))
    grown = _taken(lambda: _follow(database, now))
    _equal_to_a_recount(database, now)
    made = [_taken(lambda: _plan(database, now)) for _ in range(plan.rounds)]
    tested = _taken(lambda: _keep(database, now))
    shown = [1000 * _taken(lambda: _show(database, now)) for _ in range(10)]
    return [
        figure(BENCH, f"{title}: exposure counted anew", [anew], "s", most=90),
        figure(BENCH, f"{title}: exposure grown by a day", [grown], "s", most=45),
        figure(BENCH, f"{title}: facts gathered anew and planned", made, "s", most=30),
        figure(BENCH, f"{title}: facts gathered, back-tested over 24 months and kept", [tested], "s", most=60),
        figure(BENCH, f"{title}: planned from kept facts", shown, "ms", most=300),
    ]


def _fill(database: Database, plan: Plan, now: datetime) -> None:
    records.fill(database, plan.units, plan.lines, to_ms(now), now.date().isoformat())
    with database.transaction() as session:
        connection = session.connection()
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text(_BEGUN))
        connection.execute(text(_SAY.format(later=0, old="NULL", new="'operating'", which="")))
        for later, old, new in ((50 * _DAY, "'operating'", "'stale'"), (57 * _DAY, "'stale'", "'operating'")):
            connection.execute(text(_SAY.format(later=later, old=old, new=new, which="AND unit_id % 10 = 0")))
        unit = f"(n::bigint * 7919 % {plan.units} + 1)"
        opened = f"(SELECT least(u.installed_on + (n * 31 % 1400)::integer, CURRENT_DATE) FROM unit u WHERE u.id = {unit})"
        incident = {"id": "n", "ref": "'T' || n", "unit_id": unit, "serial": "'BM'", "opened_on": opened, "closed_on": f"{opened} + 3"}
        incident |= {
            "category": "CASE WHEN n % 2 = 0 THEN 'power' ELSE 'question' END",
            "hours": "5000 + n % 40000",
            "parts": "(n % 2)::integer",
        }
        fleets.insert(connection, Incident, incident, plan.incidents)
    fleets.analyze(database)
    with database.transaction() as session:
        reconciliation_run.reconcile(session, now, now, store=True)


def _taken(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _follow(database: Database, now: datetime, *, anew: bool = False) -> None:
    with database.snapshot() as session:
        found = capacity_exposure.everything(session, now) if anew else capacity_exposure.outstanding(session, now)
    assert found is not None
    assert found.anew is anew
    with database.transaction() as session:
        capacity_exposure.keep(session, found)


def _equal_to_a_recount(database: Database, now: datetime) -> None:
    """Exits where the sums grown by a day are not those of a recount."""
    with database.snapshot() as session:
        anew = capacity_exposure.everything(session, now)
        kept = session.execute(text("SELECT sum(seconds) FROM exposure")).scalar_one()
    if anew.columns.rows("SELECT sum(seconds) FROM plan_exposure") != [(kept,)]:
        raise SystemExit(f"{BENCH}: the exposure grown by a day is not that of a recount")


def _plan(database: Database, now: datetime) -> None:
    with database.snapshot() as session:
        capacity_plans.plan(plan_facts.untested(session, now), {})


def _keep(database: Database, now: datetime) -> None:
    with database.snapshot() as session:
        prepared = capacity_plans.prepare(session, now)
    with database.transaction() as session:
        capacity_plans.keep(session, prepared)


def _show(database: Database, now: datetime) -> None:
    with database.snapshot() as session:
        capacity_plans.plan(capacity_plans.gathered(session, now).facts, {"deployments": 150})
