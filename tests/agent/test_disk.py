"""An agent outlives its disk, its clock and its configuration: damaged rows and files, a disk that cannot be written, absurd settings."""

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from musterroll_agent.counters import SLOT, CounterFile
from musterroll_agent.outbox import Outbox
from musterroll_wire.messages import MAX_INTEGER, Birth, Heartbeat, Record

from tests.agent.conftest import UNIT, AgentProcess
from tests.agent.registry import Registry
from tests.support.instances import until
from tests.support.mosquitto import Mosquitto

pytestmark = pytest.mark.mosquitto


def events(registry: Registry) -> list[dict[str, Any]]:
    return [record.data for record in registry.of(Record) if record.about == "event"]


def leave_unreceipted(agent: AgentProcess, starts: int) -> None:
    """A birth and a record of so many starts that stay in the outbox."""
    for _ in range(starts):
        epoch = CounterFile(agent.state / "counters").start(1000, "boot").epoch
        outbox = Outbox(agent.state / "outbox.db", epoch, agent.state / "reserve")
        outbox.add_birth(Birth(0, 0, 0, 1, "S-1", "Acme", "M1", 60, firmware=str(epoch) * 99))
        outbox.add_record(Record(0, 0, 0, 1, "hour", {"seconds": 3600}))
        outbox.close()


def change_outbox(agent: AgentProcess, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(agent.state / "outbox.db")) as db:
        db.execute(statement, values)
        db.commit()


@pytest.mark.parametrize(
    "damage",
    [
        "body = substr(body, 1, 20)",
        "body = zeroblob(length(body))",
        "body = x'ff' || substr(body, 2)",
        "body = CAST(replace(CAST(body AS TEXT), '\"epoch\":2', '\"epoch\":3') AS BLOB)",
        "body = CAST(replace(CAST(body AS TEXT), 'S-1', 'S-2') AS BLOB)",
        "body = NULL",
        "kind = CAST(x'ff00' AS TEXT)",
        "seq = -7",
        "epoch = 1e30",
    ],
)
def test_a_row_that_cannot_be_read_is_set_aside_counted_and_reported(
    agent: AgentProcess, broker: Mosquitto, registry: Registry, damage: str
) -> None:
    leave_unreceipted(agent.enrolled(broker.url), 3)
    change_outbox(agent, f"UPDATE message SET {damage} WHERE epoch = 2 AND seq = 1")
    agent.run()
    until(lambda: {"event": "outbox_unreadable", "messages": 1} in events(registry), "the row is reported", 30)
    assert {birth.epoch for birth in registry.of(Birth)} == {1, 3, 4}
    until(lambda: registry.receipted.get(4, 0) >= 2, "what follows has a receipt")
    with closing(sqlite3.connect(agent.state / "outbox.db")) as db:
        assert db.execute("SELECT count(*) FROM aside").fetchone() == (1,)


@pytest.mark.parametrize("content", [None, b"", b"\0" * 2 * SLOT, b"no counters at all"])
def test_without_its_counters_an_agent_starts_above_the_epochs_of_its_outbox(
    agent: AgentProcess, broker: Mosquitto, registry: Registry, content: bytes | None
) -> None:
    leave_unreceipted(agent.enrolled(broker.url), 3)
    (agent.state / "counters").unlink() if content is None else (agent.state / "counters").write_bytes(content)
    change_outbox(agent, "INSERT INTO message SELECT ?, 9, kind, about, body, 5 FROM message LIMIT 1", MAX_INTEGER)  # a flipped byte
    assert agent.call("once").returncode == 0
    assert max(birth.epoch for birth in registry.of(Birth)) == 4


def test_a_damaged_outbox_is_reported_and_what_can_be_read_is_sent(agent: AgentProcess, broker: Mosquitto, registry: Registry) -> None:
    leave_unreceipted(agent.enrolled(broker.url), 40)
    content = bytearray((agent.state / "outbox.db").read_bytes())
    content[5 * 4096 : 6 * 4096] = b"\0" * 4096
    (agent.state / "outbox.db").write_bytes(content)
    output = agent.call("once").stderr
    assert "the outbox was damaged" in output
    assert [event["event"] for event in events(registry)] == ["outbox_damaged"]
    until(lambda: registry.receipted.get(41) == 2, "what follows has a receipt")
    assert 9 < len({birth.epoch for birth in registry.of(Birth)}) <= 41
    assert (agent.state / "outbox.damaged").exists()


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ('firmware = "' + "x" * 300 + '"', "300 characters; the limit is 256"),
        ('serial = "' + "9" * 300 + '"', "300 characters; the limit is 256"),
        ('model = "M\\u00001"', "text with a NUL or a lone surrogate"),
    ],
)
def test_a_setting_that_the_registry_would_refuse_is_left_out_and_reported(
    agent: AgentProcess, broker: Mosquitto, registry: Registry, setting: str, problem: str
) -> None:
    agent.enrolled(broker.url)
    agent.config.write_text(setting + "\n")
    assert agent.call("once").returncode == 0
    assert [(birth.serial, birth.model) for birth in registry.of(Birth)] == [("S-1", "M1")]
    assert events(registry) == [{"event": "setting_refused", "setting": setting.split()[0], "why": problem}]


@pytest.mark.parametrize("wall", [-86400 * 365, 0, 10**17])
def test_an_absurd_clock_at_one_start_neither_ends_the_agent_nor_stays(
    agent: AgentProcess, broker: Mosquitto, registry: Registry, tmp_path: Path, wall: int
) -> None:
    (tmp_path / "sitecustomize.py").write_text(f"import time\ntime.time = lambda: {wall} + time.monotonic()\n")
    here = agent.environment()["PYTHONPATH"]
    agent.enrolled(broker.url)
    assert agent.call("once", PYTHONPATH=f"{tmp_path}:{here}").returncode == 0
    assert agent.call("once").returncode == 0
    first, second = registry.of(Birth)
    assert (first.epoch, second.epoch, first.clock if wall < 0 else False) == (1, 2, False)
    assert second.at > 1_700_000_000


def test_on_a_read_only_disk_the_agent_runs_from_memory_and_says_so(
    agent: AgentProcess, broker: Mosquitto, registry: Registry, disk: Callable[[str], None]
) -> None:
    leave_unreceipted(agent.enrolled(broker.url), 2)
    disk("ro")
    for _ in range(2):
        process = agent.call("once")
        assert process.returncode == 0, process.stderr
    assert "the state directory cannot be written (Read-only file system): the agent goes on from memory" in process.stderr
    assert f"problem    {agent.state} cannot be written" in agent.call("status").stdout
    epochs = sorted({birth.epoch for birth in registry.of(Birth)})
    assert epochs[:2] == [1, 2]  # what waited on the disk
    assert len(epochs) == 4  # an epoch that cannot be saved is never used twice
    assert [event["event"] for event in events(registry)].count("disk_unusable") == 2


def test_a_disk_that_fills_up_while_running_is_reported_once_and_nothing_is_lost(
    agent: AgentProcess, broker: Mosquitto, registry: Registry, disk: Callable[[str], None]
) -> None:
    agent.enrolled(broker.url).run()
    registry.wait_for(Heartbeat)
    (agent.state / "reserve").unlink()
    with (agent.state / "ballast").open("wb", buffering=0) as ballast, suppress(OSError):
        while True:
            ballast.write(b"x" * 4096)
    for births in range(2, 80):  # until the log beside the outbox is full too
        registry.command(UNIT, "rebirth")
        registry.wait_for(Birth, births)
    until(lambda: [event["event"] for event in events(registry)] == ["disk_unusable"], "the disk is reported", 30)
    until(lambda: registry.receipted == {1: 80}, "everything has a receipt")


def test_files_that_are_no_files_do_not_end_the_agent(agent: AgentProcess, broker: Mosquitto, registry: Registry) -> None:
    agent.enrolled(broker.url)
    for name in ("outbox.db", "counters", "told.json", "reserve", "lock"):
        (agent.state / name).mkdir()
    process = agent.call("once")
    assert process.returncode == 0, process.stderr
    assert {event["event"] for event in events(registry)} == {"disk_unusable"}
