"""The message sent all day: how many bytes it has, and how long after it was sent the database shows it."""

import shutil
import socket
import time
from typing import NamedTuple

from musterroll.domain.units.serials import new_uid
from musterroll.mqtt import writer
from musterroll.storage.engine import migrate
from musterroll.storage.engine.database import Database
from musterroll_wire.messages import Heartbeat, encode
from musterroll_wire.topics import build
from sqlalchemy import text

from tests.bench import brokers, fleets
from tests.bench.children import Child
from tests.bench.generator import Load
from tests.bench.measuring import Figure, cpu_seconds, figure, percentile
from tests.bench.registry import start_ingest
from tests.support.instances import scratch
from tests.support.postgres import PostgresServer

BENCH = "heartbeats"
_NOW = 1_793_534_400


class Plan(NamedTuple):
    units: int  # each beats once a second
    rounds: int
    probes: int


FULL = Plan(units=1000, rounds=3, probes=200)
QUICK = Plan(units=200, rounds=1, probes=40)


def measure(quick: bool) -> list[Figure]:
    plan = QUICK if quick else FULL
    folder, postgres = scratch(), PostgresServer()
    databases = {"PostgreSQL": Database(postgres.create()), "SQLite": Database(f"sqlite:///{folder / 'roll.db'}")}
    units = [fleets.uid(number) for number in range(1, plan.units + 2)]  # the last one is the probe
    passwords = brokers.password_file(folder, units)
    lines = [figure(BENCH, "a steady heartbeat on MQTT 3.1.1, topic included", [_frame_bytes()], "bytes", most=110)]
    try:
        for name, database in databases.items():
            migrate.upgrade(database)
            fleets.fill(database, len(units), _NOW * 1000)
            broker = brokers.broker(passwords)
            ingest = start_ingest(database, broker, folder)
            try:
                lines += _visible(name, plan, units, database, broker.port, ingest)
            finally:
                ingest.stop()
                broker.stop()
                database.close()
    finally:
        postgres.stop()
        shutil.rmtree(folder)
    return lines


def _frame_bytes() -> int:
    """Of a unit three years old: the fixed header, the topic with a unit id as issued, the packet id and the payload."""
    beat = Heartbeat(1234, 56_789, _NOW, 2_345_678, 94_608_000, {"cpu": 12, "memory": 47, "disk": 33, "temperature": 41})
    return len(writer.publish(build(new_uid(), "heartbeat"), encode(beat), 1))


def _visible(name: str, plan: Plan, units: list[str], database: Database, port: int, ingest: Child) -> list[Figure]:
    rounds, cpu = [], []
    for turn in range(plan.rounds):
        generator, epoch = Child("tests.bench.generator"), turn + 2
        try:
            seconds = plan.probes // 20 + 5
            load = Load(port, units[:-1], [brokers.PASSWORD] * plan.units, seconds, epoch, "heartbeat", window=1, rate=plan.units)
            generator.tell(load)
            generator.hear()
            generator.tell()
            began, spent = time.monotonic(), cpu_seconds(ingest.pid)
            rounds.append(_probe(database, port, units[-1], len(units), epoch, plan.probes))
            cpu.append((cpu_seconds(ingest.pid) - spent) / ((time.monotonic() - began) * plan.units) * 1e6)
        finally:
            generator.stop()
    at = f"{name}, at {plan.units:,}/s: sent to visible"
    return [
        figure(BENCH, f"{at}, p50", [percentile(taken, 0.5) for taken in rounds], "ms"),
        figure(BENCH, f"{at}, p99", [percentile(taken, 0.99) for taken in rounds], "ms"),
        figure(BENCH, f"{name}, at {plan.units:,}/s: CPU of ingest", cpu, "µs/message"),
    ]


def _probe(database: Database, port: int, unit: str, row: int, epoch: int, times: int) -> list[float]:
    """Sends heartbeats of one unit, and looks every millisecond whether the last one is there; milliseconds it took."""
    taken = []
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(writer.connect(unit, brokers.PASSWORD, 0))
        assert line.recv(4) == b"\x20\x02\x00\x00"
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for beat in range(2, times + 2):
            began = time.perf_counter()
            payload = encode(Heartbeat(epoch, beat, _NOW, beat, beat, {"cpu": 1, "memory": 2, "disk": 3, "temperature": 4}))
            line.sendall(writer.publish(build(unit, "heartbeat"), payload, beat))
            while _newest(database, row) != (epoch, beat):
                assert time.perf_counter() - began < 30, "a heartbeat is not visible after 30 s"
                time.sleep(0.001)
            taken.append((time.perf_counter() - began) * 1000)
            line.recv(64)
            time.sleep(max(0.0, 0.05 - taken[-1] / 1000))  # twenty a second, at no fixed distance to the batches
    return taken


def _newest(database: Database, row: int) -> tuple[int, int]:
    with database.snapshot() as session:
        epoch, beat = session.connection().execute(text("SELECT epoch, beat FROM unit_status WHERE unit_id = :row"), {"row": row}).one()
        return epoch, beat
