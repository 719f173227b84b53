"""How the machine is doing. A probe that fails, is missing or makes no sense gives None."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from musterroll_wire.vitals import VITALS, Vital

TIME_ERROR = 5  # the answer of adjtimex(2) while the clock is not synchronised
UNKNOWN = 100


class Probes:
    """Reads the vitals of the wire, each with the method of its name; one without a method is not reported.

    On Linux they come from the kernel's files under `root`, elsewhere from psutil, which costs megabytes to import.
    """

    def __init__(self, disk: str = "/", root: Path = Path("/")) -> None:
        self._file_system, self._root = disk, root
        self._previous_times: tuple[float, float] | None = None
        self._psutil: Any = None if (root / "proc/stat").exists() else _import_psutil()

    def read(self) -> dict[str, int]:
        """The readings by name, without those that failed."""
        readings = {vital.name: _read(vital, getattr(self, vital.name)) for vital in VITALS if hasattr(self, vital.name)}
        return {name: reading for name, reading in readings.items() if reading is not None}

    def cpu(self) -> float | None:
        """Since the previous reading, so the first gives None."""
        total, idle = self._times()
        previous, self._previous_times = self._previous_times, (total, idle)
        if previous is None or total <= previous[0]:
            return None
        return 100 * (1 - (idle - previous[1]) / (total - previous[0]))

    def _times(self) -> tuple[float, float]:
        """(total, idle) time since the start, summed over the processors."""
        if self._psutil is not None:
            times = self._psutil.cpu_times()
            return sum(times), times.idle
        with (self._root / "proc/stat").open() as file:
            ticks = [int(word) for word in file.readline().split()[1:9]]  # the columns after these are included in user and nice
        return sum(ticks), ticks[3] + ticks[4]

    def memory(self) -> float:
        if self._psutil is not None:
            return float(self._psutil.virtual_memory().percent)
        lines = (self._root / "proc/meminfo").read_text().splitlines()[:8]
        kilobytes = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
        return 100 * (1 - kilobytes["MemAvailable"] / kilobytes["MemTotal"])

    def disk(self) -> float:
        """As `df` shows it: of what users may write, without the blocks reserved for root."""
        if self._psutil is not None:
            return float(self._psutil.disk_usage(self._file_system).percent)
        blocks = os.statvfs(self._file_system)
        used = blocks.f_blocks - blocks.f_bfree
        return 100 * used / (used + blocks.f_bavail)

    def temperature(self) -> float | None:
        """The hottest sensor with a plausible reading."""
        if self._psutil is not None:
            readings = [r.current for group in self._psutil.sensors_temperatures().values() for r in group]
        else:
            zones = sorted((self._root / "sys/class/thermal").glob("thermal_zone*/temp"))
            readings = [reading for reading in map(_millidegrees, zones) if reading is not None]
        return max((r for r in readings if -80 < r < 200), default=None)


def _millidegrees(zone: Path) -> float | None:
    try:
        return int(zone.read_text()) / 1000
    except (OSError, ValueError):
        return None


def _import_psutil() -> Any:
    try:
        import psutil
    except Exception:  # not installed, or built for another machine
        return object()
    return psutil


def _read(vital: Vital, probe: Callable[[], float | None]) -> int | None:
    try:
        value = probe()
        return None if value is None else max(vital.least, min(vital.most, round(value)))
    except Exception:  # hardware may raise anything, and nothing of it may stop the agent
        return None


def clock_synchronised(root: Path = Path("/")) -> bool | None:
    """Whether the unit's clock is synchronised; None where the system cannot tell."""
    if (root / "run/systemd/timesync/synchronized").exists():
        return True
    try:
        return _ask_kernel()
    except Exception:  # no such call here
        return None


def _ask_kernel() -> bool | None:
    """Call adjtimex(2) in a child process: ctypes would otherwise stay in memory for one call."""
    child = os.fork()
    if child == 0:
        answer = UNKNOWN
        try:
            answer = _adjtimex()
        finally:
            os._exit(answer)
    _, status = os.waitpid(child, 0)
    answer = os.waitstatus_to_exitcode(status)
    return None if answer not in range(TIME_ERROR + 1) else answer != TIME_ERROR


def _adjtimex() -> int:
    """The state of the kernel's clock. Reading it needs no privileges."""
    import ctypes

    buffer = ctypes.create_string_buffer(512)  # larger than struct timex anywhere; modes = 0 only reads
    state = int(ctypes.CDLL(None).adjtimex(buffer))
    return UNKNOWN if state < 0 else state


def read_usage(path: Path) -> dict[str, float]:
    """The lifetime usage counters that another program keeps in a JSON file; empty where the file is missing or invalid."""
    import json

    try:
        counters = json.loads(path.read_bytes()[:4096])
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(counters, dict) or len(counters) > 16:
        return {}
    return {str(k)[:32]: v for k, v in counters.items() if type(v) in (int, float) and abs(v) < 2**53}
