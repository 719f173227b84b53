"""How many durable messages a second get from units' sockets through Mosquitto into the database, all of them counted there.

Beside the ingest, in turns: a stock paho subscriber that only counts, and one that commits each message by itself.
"""

import shutil
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

from musterroll.storage.engine import migrate
from musterroll.storage.engine.database import Database
from sqlalchemy import text

from tests.bench import brokers, fleets
from tests.bench.children import Child
from tests.bench.generator import Load
from tests.bench.measuring import Figure, cpu_seconds, figure, fsync_microseconds, tree_cpu_seconds
from tests.bench.registry import rows, start_ingest
from tests.support.instances import scratch
from tests.support.mosquitto import Mosquitto
from tests.support.postgres import PostgresServer

BENCH = "durable"
DRAIN = "stock paho that only counts"
COMMITTING = "a commit a message (SQLModel, paho)"
_NOW = 1_793_534_400_000
_LONGEST = 180.0  # seconds for one run


class Plan(NamedTuple):
    sockets: int
    each: int
    each_committing: int
    rounds: int


FULL = Plan(sockets=2000, each=25, each_committing=1, rounds=5)
QUICK = Plan(sockets=400, each=10, each_committing=1, rounds=1)


class Run(NamedTuple):
    """One run of one variant: durable messages a second, and CPU microseconds a message by process."""

    rate: float
    cpu: dict[str, float]
    syncs: float | None = None  # fsyncs a second


class Stage:
    """What all runs share: the databases, the credentials. `epoch` grows with every run, so that no message is a replay."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.folder = scratch()
        self.postgres = PostgresServer()
        self.units = [fleets.uid(number) for number in range(1, plan.sockets + 1)]
        self.passwords = brokers.password_file(self.folder, self.units)
        self.databases = {name: Database(url) for name, url in self._urls().items()}
        for database in self.databases.values():
            migrate.upgrade(database)
            fleets.fill(database, plan.sockets, _NOW)
        self.epoch = 1

    def _urls(self) -> dict[str, str]:
        return {"PostgreSQL": self.postgres.create(), "SQLite": f"sqlite:///{self.folder / 'roll.db'}"}

    @property
    def postmaster(self) -> int:
        return int((self.postgres.folder / "data" / "postmaster.pid").read_text().split()[0])

    def load(self, broker: Mosquitto, each: int, receipts: bool) -> Load:
        self.epoch += 1
        return Load(broker.port, self.units, [brokers.PASSWORD] * len(self.units), each, self.epoch, receipts=receipts)

    def close(self) -> None:
        for database in self.databases.values():
            database.close()
        self.postgres.stop()
        shutil.rmtree(self.folder)


def measure(quick: bool) -> list[Figure]:
    stage = Stage(QUICK if quick else FULL)
    try:
        return _figures(stage, _rounds(stage))
    finally:
        stage.close()


def _rounds(stage: Stage) -> dict[str, list[Run]]:
    variants: dict[str, Callable[[], Run]] = {
        DRAIN: lambda: _drained(stage, "counting", stage.plan.each),
        "PostgreSQL": lambda: _ingested(stage, "PostgreSQL", receipts=True),
        "SQLite": lambda: _ingested(stage, "SQLite", receipts=True),
        COMMITTING: lambda: _drained(stage, "committing", stage.plan.each_committing),
        "generator alone": lambda: _undrained(stage),
    }
    found: dict[str, list[Run]] = defaultdict(list)
    names = list(variants)
    for turn in range(stage.plan.rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:  # nobody is always the first
            found[name].append(variants[name]())
    return found


def _figures(stage: Stage, found: dict[str, list[Run]]) -> list[Figure]:
    lines = []
    for name, runs in found.items():
        least = 10_000 if name == "PostgreSQL" else None
        lines.append(figure(BENCH, f"{name}: messages", [run.rate for run in runs], "/s", least=least))
    for name in ("PostgreSQL", "SQLite"):
        drain = [mine.rate / bare.rate for mine, bare in zip(found[name], found[DRAIN], strict=True)]
        single = [mine.rate / bare.rate for mine, bare in zip(found[name], found[COMMITTING], strict=True)]
        lines.append(figure(BENCH, f"{name} against {DRAIN}", drain, "times", least=0.7 if name == "PostgreSQL" else None))
        lines.append(figure(BENCH, f"{name} against {COMMITTING}", single, "times"))
        lines += [figure(BENCH, f"{name}: CPU of {who}", [run.cpu[who] for run in found[name]], "µs/message") for who in found[name][0].cpu]
        if found[name][0].syncs is not None:
            lines.append(figure(BENCH, f"{name}: fsyncs", [run.syncs or 0 for run in found[name]], "/s"))
    lines.append(figure(BENCH, f"{DRAIN}: CPU of it", [run.cpu["drain"] for run in found[DRAIN]], "µs/message"))
    return [*lines, figure(BENCH, "one fsync of 4 KiB on this disk", [fsync_microseconds(stage.folder)], "µs")]


def _ingested(stage: Stage, name: str, receipts: bool) -> Run:
    """The real `musterroll ingest`; the clock stops when the database has every message."""
    database, broker = stage.databases[name], brokers.broker(stage.passwords)
    _forget(database)
    ingest = start_ingest(database, broker, stage.folder)
    generator = Child("tests.bench.generator")
    try:
        load = stage.load(broker, stage.plan.each, receipts)
        sent = len(load.units) * load.each
        generator.tell(load)
        generator.hear()
        pids = {"ingest": (ingest.pid, cpu_seconds), "Mosquitto": (broker.pid, cpu_seconds)}
        if name == "PostgreSQL":
            pids["PostgreSQL"] = (stage.postmaster, tree_cpu_seconds)
        before, syncs = {who: clock(pid) for who, (pid, clock) in pids.items()}, _syncs(database)
        generator.tell()
        result = generator.hear()
        assert result["acknowledged"] == sent, f"{result['acknowledged']} of {sent} messages were acknowledged by the broker"
        ended = _committed(database, sent)
        seconds = ended - result["began"]
        cpu = {who: (clock(pid) - before[who]) / sent * 1e6 for who, (pid, clock) in pids.items()}
        made = _syncs(database)
        return Run(sent / seconds, cpu, (made - syncs) / seconds if made is not None and syncs is not None else None)
    finally:
        generator.stop()
        ingest.stop()
        broker.stop()


def _drained(stage: Stage, kind: str, each: int) -> Run:
    broker, database = brokers.broker(stage.passwords), stage.databases["PostgreSQL"]
    _forget(database)
    sent = len(stage.units) * each
    drain = Child("tests.bench.drains", kind, str(broker.port), *brokers.REGISTRY, str(sent), database.url)
    generator = Child("tests.bench.generator")
    try:
        drain.hear()
        generator.tell(stage.load(broker, each, receipts=False))
        generator.hear()
        before = cpu_seconds(drain.pid)
        generator.tell()
        result, end = generator.hear(), drain.hear()
        if kind == "committing":
            assert rows(database, "message") == sent
        return Run(sent / (end["ended"] - result["began"]), {"drain": (end["cpu"] - before) / sent * 1e6})
    finally:
        generator.stop()
        drain.stop()
        broker.stop()


def _undrained(stage: Stage) -> Run:
    """What the generator can do into a Mosquitto nobody listens to: it must not be what is measured above."""
    broker, generator = brokers.broker(stage.passwords), Child("tests.bench.generator")
    try:
        load = stage.load(broker, stage.plan.each, receipts=False)
        generator.tell(load)
        generator.hear()
        generator.tell()
        result: dict[str, Any] = generator.hear()
        sent = len(load.units) * load.each
        return Run(sent / (result["ended"] - result["began"]), {"generator": result["cpu"] / sent * 1e6})
    finally:
        generator.stop()
        broker.stop()


def _committed(database: Database, wanted: int) -> float:
    """When the database had all messages (CLOCK_MONOTONIC). Fails where it has more, or not all in time."""
    deadline = time.monotonic() + _LONGEST
    while (count := rows(database, "message")) < wanted:
        assert time.monotonic() < deadline, f"{count} of {wanted} messages are in the database after {_LONGEST} s"
        time.sleep(0.05)
    ended = time.monotonic()
    assert count == wanted, f"the database has {count} messages, {wanted} were sent"
    return ended


def _forget(database: Database) -> None:
    with database.transaction() as session:
        for table in ("message", "message_stream", "quarantine"):
            session.connection().execute(text(f"DELETE FROM {table}"))
    fleets.analyze(database)


def _syncs(database: Database) -> int | None:
    """How often PostgreSQL has flushed its log so far; SQLite does not count."""
    if database.dialect != "postgresql":
        return None
    with database.snapshot() as session:
        return int(session.connection().execute(text("SELECT wal_sync FROM pg_stat_wal")).scalar_one())
