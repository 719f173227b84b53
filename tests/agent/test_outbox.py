"""Messages leave the outbox only by a receipt, and dropped ones are counted."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from musterroll_agent.outbox import KEEP_SECONDS, MEMORY_MESSAGES, Outbox, Unsendable, summary
from musterroll_wire.messages import Birth, Record, decode

START = (-1, 0)
ROOT = Path(__file__).parents[2]


def make(folder: Path, epoch: int = 1, **limits: Any) -> Outbox:
    return Outbox(folder / "outbox.db", epoch, folder / "reserve", **limits)


def record(about: str = "hour", size: int = 10) -> Record:
    return Record(0, 0, 0, 1, about, {"x": "y" * size})


def birth() -> Birth:
    return Birth(0, 0, 0, 1, "S-1", "Acme", "M1", 60)


def keys(outbox: Outbox) -> list[tuple[int, int]]:
    return [(m.epoch, m.seq) for m in outbox.waiting(START, 10_000)]


def test_messages_are_numbered_and_returned_in_order(tmp_path: Path) -> None:
    outbox = make(tmp_path, epoch=3)
    assert [outbox.add_birth(birth()), outbox.add_record(record()), outbox.add_record(record())] == [1, 2, 3]
    first, *_ = outbox.waiting(START, 10)
    assert (first.kind, decode("birth", first.payload)) == ("birth", birth()._replace(epoch=3, seq=1, oldest=1))
    assert keys(outbox) == [(3, 1), (3, 2), (3, 3)]
    assert [m.seq for m in outbox.waiting((3, 1), 1)] == [2]


def test_a_receipt_covers_its_epoch_up_to_its_seq_and_nothing_else(tmp_path: Path) -> None:
    old = make(tmp_path, epoch=1)
    old.add_record(record())
    old.close()
    outbox = make(tmp_path, epoch=2)
    for _ in range(3):
        outbox.add_record(record())
    outbox.apply_receipt(2, 2, registry=7, now=100)
    assert keys(outbox) == [(1, 1), (2, 3)]
    outbox.apply_receipt(2, 1, registry=7, now=100)  # late, and covers less
    outbox.apply_receipt(2, 2, registry=7, now=100)  # again
    assert keys(outbox) == [(1, 1), (2, 3)]


def test_oldest_is_the_lowest_seq_of_the_epoch_that_still_waits(tmp_path: Path) -> None:
    outbox = make(tmp_path)
    for _ in range(4):
        outbox.add_record(record())
    outbox.apply_receipt(1, 2, registry=1, now=100)
    assert [decode("record", m.payload).oldest for m in outbox.waiting(START, 10)] == [3, 3]  # type: ignore[union-attr]


def test_another_registry_epoch_sends_everything_again(tmp_path: Path) -> None:
    outbox = make(tmp_path)
    for _ in range(5):
        outbox.add_record(record())
    outbox.apply_receipt(1, 5, registry=1, now=100)
    assert keys(outbox) == []
    assert outbox.apply_receipt(1, 2, registry=2, now=200)
    assert keys(outbox) == [(1, 3), (1, 4), (1, 5)]
    assert not outbox.apply_receipt(1, 5, registry=2, now=300)


def test_receipted_messages_are_kept_for_a_week_after_their_receipt(tmp_path: Path) -> None:
    outbox = make(tmp_path)
    outbox.add_record(record())
    outbox.apply_receipt(1, 1, registry=1, now=1000)
    outbox.clean_up(1000 + KEEP_SECONDS)
    assert summary(tmp_path / "outbox.db") == (0, 1)
    outbox.clean_up(1001 + KEEP_SECONDS)
    assert summary(tmp_path / "outbox.db") == (0, 0)


def test_a_full_outbox_drops_receipted_messages_then_hours_then_events_and_births_last(tmp_path: Path) -> None:
    outbox = make(tmp_path, limit=4)
    outbox.add_birth(birth())
    for about in ("event", "hour", "hour"):
        outbox.add_record(record(about))
    outbox.add_record(record("hour"))
    assert keys(outbox) == [(1, 1), (1, 2), (1, 4), (1, 5)]
    for _ in range(3):
        outbox.add_record(record("event"))
    assert keys(outbox) == [(1, 1), (1, 6), (1, 7), (1, 8)]
    assert outbox.take_notices() == [{"event": "outbox_dropped", "messages": 4}]
    assert outbox.take_notices() == []


def test_dropping_a_receipted_message_is_not_counted(tmp_path: Path) -> None:
    outbox = make(tmp_path, limit=2)
    outbox.add_record(record())
    outbox.apply_receipt(1, 1, registry=1, now=1)
    outbox.add_record(record())
    outbox.add_record(record())
    assert keys(outbox) == [(1, 2), (1, 3)]
    assert outbox.take_notices() == []


def test_the_outbox_is_limited_in_bytes(tmp_path: Path) -> None:
    outbox = make(tmp_path, limit_bytes=50_000)
    for _ in range(100):
        outbox.add_record(record(size=2000))
    assert len(keys(outbox)) == 24
    assert keys(outbox)[-1] == (1, 100)


def test_a_message_too_large_for_the_broker_is_rejected(tmp_path: Path) -> None:
    outbox = make(tmp_path)
    with pytest.raises(Unsendable, match="the limit is 8192"):
        outbox.add_record(record(size=9000))
    assert outbox.add_record(record()) == 1


def test_a_damaged_file_is_moved_aside_and_a_new_one_created(tmp_path: Path) -> None:
    (tmp_path / "outbox.db").write_bytes(b"not a database" * 1000)
    outbox = make(tmp_path)
    outbox.add_record(record())
    assert keys(outbox) == [(1, 1)]
    assert (tmp_path / "outbox.damaged").read_bytes().startswith(b"not a database")


def test_a_full_disk_uses_the_reserve_then_memory_then_drops_the_oldest_hours(tmp_path: Path) -> None:
    outbox = make(tmp_path, max_pages=12)  # the database file cannot grow, as on a full disk
    count = 0
    while not outbox.problem:
        outbox.add_record(record(size=1000))
        count += 1
    assert not (tmp_path / "reserve").exists()
    assert keys(outbox) == [(1, n) for n in range(1, count + 1)]
    for _ in range(MEMORY_MESSAGES + 9):
        outbox.add_record(record(size=1000))
    assert len(keys(outbox)) == count - 1 + MEMORY_MESSAGES
    outbox.apply_receipt(1, count + 200, registry=1, now=50)
    outbox.clean_up(60)
    assert outbox.take_notices() == [{"event": "outbox_dropped", "messages": 10}]


def test_receipts_count_even_on_a_full_disk(full_disk: Path) -> None:
    outbox = make(full_disk)
    for _ in range(5):
        outbox.add_record(record(size=1000))
    fill(full_disk)
    for _ in range(1500):
        outbox.add_record(record(size=1000))
    assert outbox.problem
    before = keys(outbox)
    assert before[:5] == [(1, n) for n in range(1, 6)]
    outbox.apply_receipt(1, before[-1][1], registry=1, now=50)
    assert keys(outbox) == []
    (full_disk / "ballast").unlink()
    outbox.add_record(record())
    outbox.clean_up(60)
    assert not outbox.problem
    (notice,) = outbox.take_notices()
    assert (notice["event"], notice["messages"] > 0) == ("outbox_dropped", True)
    assert (full_disk / "reserve").stat().st_size > 0
    outbox.close()
    assert keys(make(full_disk, epoch=2)) == [(1, 1506)]


def test_an_outbox_can_be_created_on_a_full_disk(full_disk: Path) -> None:
    fill(full_disk)
    outbox = make(full_disk)
    outbox.add_birth(birth())
    assert keys(outbox) == [(1, 1)]
    (full_disk / "ballast").unlink()
    outbox.clean_up(1)
    assert summary(full_disk / "outbox.db") == (1, 1)
    assert keys(outbox) == [(1, 1)]


@pytest.fixture
def full_disk(tmp_path: Path) -> Any:
    """A file system of 2 MiB."""
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", tmp_path], check=False).returncode:
        pytest.skip("only root may mount a file system; the test with max_pages covers part of this")
    yield tmp_path
    subprocess.run(["umount", "-l", tmp_path], check=True)


def fill(folder: Path) -> None:
    with (folder / "ballast").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return


WRITER = """
import sys
from pathlib import Path
from musterroll_agent.outbox import Outbox
from musterroll_wire.messages import Record
folder = Path(sys.argv[1])
outbox = Outbox(folder / "outbox.db", int(sys.argv[2]), folder / "reserve")
while True:
    print(outbox.add_record(Record(0, 0, 0, 1, "event", {"x": "y" * 500})), flush=True)
"""


@pytest.mark.fault
def test_stored_messages_survive_kill_9(tmp_path: Path) -> None:
    last = {}
    for epoch in range(1, 11):
        child = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(epoch)], stdout=subprocess.PIPE, text=True, env=path())
        assert child.stdout
        for _ in range(epoch * 7):
            last[epoch] = int(child.stdout.readline())
        child.kill()
        last[epoch] = max([last[epoch], *(int(line) for line in child.stdout.read().split() if line)])
        child.stdout.close()
        child.wait()
    with sqlite3.connect(tmp_path / "outbox.db") as reader:
        stored = dict(reader.execute("SELECT epoch, count(*) FROM message GROUP BY epoch"))
        assert reader.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    reader.close()
    assert all(stored[epoch] >= seq for epoch, seq in last.items())


def path() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "agent")}


def test_what_waits_in_another_epoch_is_numbered_again_in_this_one_and_what_has_a_receipt_is_not(tmp_path: Path) -> None:
    outbox = make(tmp_path, epoch=1)
    outbox.add_birth(birth())
    for number in range(250):
        outbox.add_record(record(f"{number}"))
    outbox.apply_receipt(1, 2, registry=1, now=100)
    outbox.begin(42)
    outbox.add_record(record("new"))
    assert (outbox.renumber(1), outbox.renumber(1), outbox.renumber(42)) == ({"record"}, set(), set())
    outbox.close()
    kept = [decode(m.kind, m.payload) for m in make(tmp_path, epoch=43).waiting(START, 10_000)]
    assert [(m.epoch, m.seq, m.about) for m in kept if isinstance(m, Record)] == [
        (42, 1, "new"),
        *((42, seq, str(seq - 1)) for seq in range(2, 251)),
    ]
    assert len(kept) == 250


def test_what_is_only_in_memory_is_numbered_again_too(tmp_path: Path) -> None:
    outbox = make(tmp_path, max_pages=8)
    for _ in range(60):
        outbox.add_record(record(size=400))
    assert outbox.problem
    waiting = len(keys(outbox))
    outbox.begin(5)
    outbox.renumber(1)
    assert len(keys(outbox)) == waiting
