"""What a unit reports over hours and weeks, with a clock set by the test."""

import json
from pathlib import Path
from typing import Any

import pytest
from musterroll_agent.counters import CounterFile
from musterroll_agent.outbox import Outbox
from musterroll_agent.probes import Probes
from musterroll_agent.reporter import Now, Reporter, UnitFacts
from musterroll_wire.messages import Birth, Message, Record, decode

WALL = 1_790_000_000
FACTS = UnitFacts("S-1", "Acme", "M1", "1.0", {"mac": "02:00:5e:10:00:01"})


class Unit:
    """A reporter with its files and its clock."""

    def __init__(self, folder: Path, uptime: float = 1000.0, facts: UnitFacts = FACTS, card: str = "", usage: str = "") -> None:
        self.counters = CounterFile(folder / "counters")
        self.counters.start(int(uptime), "boot")
        self.outbox = Outbox(folder / "outbox.db", self.counters.counters.epoch, folder / "reserve")
        self.reporter = Reporter(self.outbox, self.counters, Probes(str(folder)), facts, 60, card, usage)
        self.now = Now(WALL, uptime)

    def start(self, before: dict[str, Any] | None = None) -> dict[str, Any]:
        return self.reporter.start(self.now, True, before or {})

    def run_for(self, seconds: float, step: float = 60.0) -> None:
        end = self.now.elapsed + seconds
        while self.now.elapsed < end:
            self.now = Now(self.now.wall + int(step), self.now.elapsed + step)
            self.reporter.sample(self.now)
            self.reporter.do_periodic_work(self.now)

    def messages(self) -> list[Message]:
        return [decode(m.kind, m.payload) for m in self.outbox.waiting((-1, 0), 10_000)]

    def records(self, about: str) -> list[Record]:
        return [m for m in self.messages() if isinstance(m, Record) and m.about == about]


@pytest.fixture
def unit(tmp_path: Path) -> Unit:
    return Unit(tmp_path)


def test_a_week_offline_is_at_most_200_messages(unit: Unit) -> None:
    unit.start()
    unit.run_for(7 * 86400, step=600)
    assert 168 <= len(unit.messages()) <= 200


def test_an_hour_is_summarised(unit: Unit) -> None:
    unit.start()
    unit.reporter.connected(unit.now)
    for _ in range(60):
        unit.reporter.heartbeat(unit.now)
        unit.run_for(60)
    (hour,) = unit.records("hour")
    assert (hour.data["from"], hour.data["seconds"], hour.data["connected"], hour.data["beats"]) == (WALL, 3600, 3600, 60)
    assert (hour.data["operating"], hour.data["boots"]) == (4600, 1)
    least, mean, most = hour.data["vitals"]["disk"]
    assert 0 <= least <= mean <= most <= 100


def test_operating_seconds_are_saved_at_most_once_a_minute(unit: Unit, tmp_path: Path) -> None:
    unit.start()
    written = set()
    for _ in range(60):
        unit.run_for(10, step=10)
        written.add((tmp_path / "counters").read_bytes())
    assert len(written) == 11
    assert CounterFile(tmp_path / "counters").counters.operating == 1600


def test_a_clock_that_was_set_is_reported_once(unit: Unit) -> None:
    unit.start()
    unit.now = Now(unit.now.wall + 86400, unit.now.elapsed)
    unit.run_for(120)
    assert [event.data for event in unit.records("event")] == [{"event": "clock_stepped", "seconds": 86400}]


def test_only_changed_facts_are_reported_as_a_change(tmp_path: Path) -> None:
    remembered = json.loads(json.dumps(Unit(tmp_path).start()))
    restarted = Unit(tmp_path)
    restarted.start(remembered)
    assert restarted.records("change") == []
    moved = Unit(tmp_path, facts=FACTS._replace(serial="S-2", evidence={}))
    moved.start(remembered)
    assert moved.records("change")[0].data == {"serial": ["S-1", "S-2"], "evidence": [{"mac": "02:00:5e:10:00:01"}, {}]}


def test_a_card_that_changes_while_running_gives_a_record_and_a_new_birth(tmp_path: Path) -> None:
    card = tmp_path / "card.toml"
    card.write_text("months = 12")
    unit = Unit(tmp_path, card=str(card))
    unit.start()
    card.write_text("months = 24")
    unit.run_for(3600)
    assert [birth.card for birth in unit.messages() if isinstance(birth, Birth)] == [{"months": 12}, {"months": 24}]
    assert [r.data for r in unit.records("warranty")] == [{"card": {"months": 24}}]


def test_an_invalid_card_is_reported_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "card.toml").write_text("months = 0")
    unit = Unit(tmp_path, card=str(tmp_path / "card.toml"))
    unit.start()
    (event,) = unit.records("event")
    assert event.data["event"] == "card_refused"
    assert "months must be" in event.data["why"]


def test_dropped_messages_are_reported_at_the_next_connection(tmp_path: Path) -> None:
    unit = Unit(tmp_path)
    unit.outbox.close()
    unit.outbox = unit.reporter._outbox = Outbox(tmp_path / "outbox.db", 1, tmp_path / "reserve", limit=24)
    unit.start()
    unit.run_for(30 * 3600, step=600)
    unit.reporter.connected(unit.now)
    assert [event.data for event in unit.records("event")] == [{"event": "outbox_dropped", "messages": 7}]


def test_a_last_hour_of_less_than_a_minute_is_not_recorded(unit: Unit) -> None:
    unit.start()
    unit.run_for(30, step=30)
    unit.reporter.stop(unit.now)
    assert unit.records("hour") == []
    unit.run_for(60)
    unit.reporter.stop(unit.now)
    assert [hour.data["seconds"] for hour in unit.records("hour")] == [90]


@pytest.mark.parametrize(
    ("content", "usage"),
    [
        ('{"pages": 7, "litres": 0.5}', {"pages": 7, "litres": 0.5}),
        ('{"pages": "7", "on": true}', {}),
        ("[", {}),
        ('{"x": NaN}', {}),
        ("[" * 3000, {}),
    ],
)
def test_usage_counters_of_another_program_are_sent_if_valid(tmp_path: Path, content: str, usage: dict[str, float]) -> None:
    (tmp_path / "usage.json").write_text(content)
    unit = Unit(tmp_path, usage=str(tmp_path / "usage.json"))
    unit.start()
    assert unit.reporter.heartbeat(unit.now).usage == usage


def test_a_disk_that_cannot_be_written_is_reported_once_and_so_is_its_return(unit: Unit, tmp_path: Path) -> None:
    (tmp_path / "counters").unlink()
    (tmp_path / "counters").mkdir()
    unit.start()
    unit.reporter.connected(unit.now)
    unit.run_for(1800)
    (tmp_path / "counters").rmdir()
    unit.run_for(1800)
    first, second = [event.data for event in unit.records("event")]
    assert (first["event"], second) == ("disk_unusable", {"event": "disk_usable"})


def test_a_card_that_the_registry_would_refuse_does_not_keep_the_unit_from_its_birth(tmp_path: Path) -> None:
    card = tmp_path / "card.toml"
    card.write_text('months = 24\nreference = "a\\u0000b"\n')
    unit = Unit(tmp_path, card=str(card))
    unit.start()
    (birth,) = [message for message in unit.messages() if isinstance(message, Birth)]
    assert (birth.serial, birth.card) == ("S-1", None)
