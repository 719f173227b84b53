"""Epoch, boots and operating seconds only grow, even if the file is torn."""

from pathlib import Path

import pytest
from musterroll_agent.counters import SLOT, CounterFile, Counters


def test_every_start_raises_the_epoch_on_disk(tmp_path: Path) -> None:
    for epoch in range(1, 5):
        assert CounterFile(tmp_path / "c").start(uptime=100, boot="a").epoch == epoch


def test_time_without_the_agent_counts_as_operating(tmp_path: Path) -> None:
    first = CounterFile(tmp_path / "c")
    assert first.start(uptime=100, boot="a") == Counters(1, 1, 100, 100, "a")
    first.save(first.advance(160))
    assert CounterFile(tmp_path / "c").start(uptime=500, boot="a") == Counters(2, 1, 500, 500, "a")


def test_a_restarted_machine_counts_one_more_boot(tmp_path: Path) -> None:
    CounterFile(tmp_path / "c").start(uptime=1000, boot="a")
    assert CounterFile(tmp_path / "c").start(uptime=2000, boot="b") == Counters(2, 2, 3000, 2000, "b")
    assert CounterFile(tmp_path / "c").start(uptime=5, boot="") == Counters(3, 3, 3005, 5, "")


@pytest.mark.parametrize("torn", range(1, 2 * SLOT, 37))
def test_a_torn_write_leaves_the_previous_counters(tmp_path: Path, torn: int) -> None:
    file = CounterFile(tmp_path / "c")
    for uptime in range(10):
        file.save(Counters(7, 1, uptime, uptime, "a"))
    content = bytearray((tmp_path / "c").read_bytes())
    content[torn : torn + 20] = b"\0" * len(content[torn : torn + 20])
    (tmp_path / "c").write_bytes(content)
    counters = CounterFile(tmp_path / "c").counters
    assert (counters.epoch, counters.operating) in {(7, 8), (7, 9)}


def test_a_short_or_empty_file_counts_from_zero(tmp_path: Path) -> None:
    for content in (b"", b"x", b" " * 2 * SLOT):
        (tmp_path / "c").write_bytes(content)
        assert CounterFile(tmp_path / "c").counters == Counters()


def test_the_size_never_grows(tmp_path: Path) -> None:
    file = CounterFile(tmp_path / "c")
    for turn in range(50):
        file.save(Counters(10**9 + turn, 10**6, 10**12, 10**9, "0" * 36))
    assert (tmp_path / "c").stat().st_size == 2 * SLOT


def test_epochs_start_above_the_one_the_registry_knows(tmp_path: Path) -> None:
    assert CounterFile(tmp_path / "c").start(uptime=100, boot="a", above=1007).epoch == 1008
    assert CounterFile(tmp_path / "c").start(uptime=100, boot="a", above=1007).epoch == 1009
