"""Numbers that only grow: epoch, boots, lifetime operating seconds.

They are kept in two slots of one file, written alternately and in place: a torn write leaves the other slot intact, and once the file
exists a full disk does not matter.
"""

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
    operating: int = 0  # seconds this machine has been up since the agent was installed
    uptime: int = 0  # at the last save, to tell how long the machine ran without the agent
    boot: str = ""  # which start of the machine that was (see `boot_id`)


class CounterFile:
    """The counters on disk. `problem` says why they cannot be read or written and are only in memory; empty while they are saved."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = 0
        self.counters = Counters()
        self.problem = ""
        for turn, counters in self._slots():
            if turn >= self._turn:
                self._turn, self.counters = turn, counters

    def start(self, uptime: int, boot: str, above: int = 0, wall: int = 0) -> Counters:
        """Count a start of the agent and save: a new epoch, higher than `above` (which the registry or the outbox has); a boot where the
        machine was restarted; the time it ran without the agent.

        An epoch that cannot be saved must not come again at the next start: it is raised by the time, `wall`, and at random.
        """
        previous = self.counters
        same_boot = previous.boot == boot if boot and previous.boot else previous.uptime <= uptime
        rebooted = previous.epoch == 0 or not same_boot or uptime < previous.uptime
        unseen = uptime if rebooted else uptime - previous.uptime
        epoch = max(previous.epoch, above) + 1
        if not self.save(Counters(epoch, previous.boots + rebooted, previous.operating + unseen, uptime, boot)):
            self.counters = self.counters._replace(epoch=epoch + _unrepeated(wall))
        return self.counters

    def begin(self, epoch: int) -> None:
        """Go on in another epoch."""
        self.save(self.counters._replace(epoch=epoch))

    def advance(self, uptime: int) -> Counters:
        """The counters at `uptime` seconds after the machine's start, in memory only."""
        gain = max(0, uptime - self.counters.uptime)
        return self.counters._replace(operating=self.counters.operating + gain, uptime=max(uptime, self.counters.uptime))

    def save(self, counters: Counters) -> bool:
        """Write and flush to disk. Whether that succeeded; the counters hold in any case."""
        self.counters = counters
        try:
            self._write(counters)
        except OSError as error:
            self.problem = str(error.strerror or error)
            return False
        self._turn += 1
        self.problem = ""
        return True

    def _write(self, counters: Counters) -> None:
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

    def _slots(self) -> list[tuple[int, Counters]]:
        try:
            content = self._path.read_bytes()
        except OSError:  # missing, or to be reported when it cannot be written either
            return []
        slots = (_read_slot(content[start : start + SLOT]) for start in (0, SLOT))
        return [slot for slot in slots if slot]


def _unrepeated(wall: int) -> int:
    """A number that grows with the time and hardly comes twice within one second, nor with a clock that was never set."""
    return (min(max(0, wall), 2**36) << 16) + int.from_bytes(os.urandom(2), "big")


def _read_slot(slot: bytes) -> tuple[int, Counters] | None:
    checksum, _, body = slot.strip().partition(b" ")
    if b"%08x" % binascii.crc32(body) != checksum:
        return None
    turn, *values = json.loads(body)
    return turn, Counters(*values)


def boot_id(root: Path = Path("/")) -> str:
    """An id that changes with every start of the machine; empty where the system has none."""
    try:
        return (root / "proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
