"""Numbers that only grow: epoch, boots, lifetime operating seconds. Kept in two slots of one file, written in turn and in place,
so that a torn write leaves the other slot and a full disk does not matter once the file exists."""

import binascii
import json
import os
from pathlib import Path
from typing import NamedTuple

from musterroll_agent.files import flush_directory

SLOT = 256


class Counters(NamedTuple):
    epoch: int = 0
    boots: int = 0
    operating: int = 0  # seconds this machine has been up, over its life with the agent
    uptime: int = 0  # at the last save, to tell how long the machine ran on without us
    boot: str = ""  # which start of the machine that was


class CounterFile:
    """The counters on disk. Raises OSError where they can be neither read nor written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = 0
        self.counters = Counters()
        for turn, counters in self._slots():
            if turn >= self._turn:
                self._turn, self.counters = turn, counters

    def start(self, uptime: int, boot: str, above: int = 0) -> Counters:
        """Count a start of the agent: a new epoch on disk, `above` the one the registry knew at enrolment; a boot where the machine
        started anew; the time it ran without us."""
        old = self.counters
        same = old.boot == boot if boot and old.boot else old.uptime <= uptime
        fresh = old.epoch == 0 or not same or uptime < old.uptime
        gap = uptime if fresh else uptime - old.uptime
        self.save(Counters(max(old.epoch, above) + 1, old.boots + fresh, old.operating + gap, uptime, boot))
        return self.counters

    def advance(self, uptime: int) -> Counters:
        """The counters at `uptime` seconds after the machine's start, in memory only."""
        gain = max(0, uptime - self.counters.uptime)
        return self.counters._replace(operating=self.counters.operating + gain, uptime=max(uptime, self.counters.uptime))

    def save(self, counters: Counters) -> None:
        """Write and flush to the disk."""
        body = json.dumps([self._turn + 1, *counters]).encode()
        slot = (b"%08x %s" % (binascii.crc32(body), body)).ljust(SLOT - 1) + b"\n"
        new = not self._path.exists()
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if new:
                os.write(descriptor, b" " * (2 * SLOT))
            os.lseek(descriptor, SLOT * ((self._turn + 1) % 2), os.SEEK_SET)
            os.write(descriptor, slot)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if new:
            flush_directory(self._path.parent)
        self._turn += 1
        self.counters = counters

    def _slots(self) -> list[tuple[int, Counters]]:
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return []
        found = (_read(content[start : start + SLOT]) for start in (0, SLOT))
        return [slot for slot in found if slot]


def _read(slot: bytes) -> tuple[int, Counters] | None:
    checksum, _, body = slot.strip().partition(b" ")
    if b"%08x" % binascii.crc32(body) != checksum:
        return None
    turn, *values = json.loads(body)
    return turn, Counters(*values)


def boot_id(root: Path = Path("/")) -> str:
    """A mark that changes with every start of the machine; empty where there is none."""
    try:
        return (root / "proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
