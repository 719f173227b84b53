"""Figures: medians with their spread, CPU seconds of processes, what an fsync costs here."""

import os
import statistics
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

_TICKS = os.sysconf("SC_CLK_TCK")


class Figure(NamedTuple):
    """One line of the result. `low` and `high` are the extremes over the rounds; `aim` is what it has to reach, in words."""

    bench: str
    name: str
    value: float
    low: float
    high: float
    unit: str
    rounds: int
    aim: str = ""
    ok: bool | None = None


def figure(bench: str, name: str, values: Iterable[float], unit: str, *, least: float | None = None, most: float | None = None) -> Figure:
    """The median of `values`, held against the least or the most it may be."""
    found = sorted(values)
    middle = statistics.median(found)
    aim = f"≥ {least:g}" if least is not None else f"≤ {most:g}" if most is not None else ""
    ok = middle >= least if least is not None else middle <= most if most is not None else None
    return Figure(bench, name, middle, found[0], found[-1], unit, len(found), aim, ok)


def percentile(values: list[float], share: float) -> float:
    found = sorted(values)
    return found[min(len(found) - 1, int(share * len(found)))]


def cpu_seconds(pid: int) -> float:
    """User and system CPU seconds of one process so far, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def tree_cpu_seconds(pid: int) -> float:
    """The same over a process and its children, those that ended included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(map(int, fields[11:15])) / _TICKS
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(map(cpu_seconds, map(int, children)))


def resident_mb(pid: int) -> float:
    """VmRSS in MB (10^6 bytes)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ValueError(f"process {pid} has no VmRSS")


def fsync_microseconds(folder: Path, times: int = 200) -> float:
    """Median cost of appending 4 KiB and fsync in `folder`: without it, a rate of commits says nothing about another machine."""
    taken = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(times):
            file.write(bytes(4096))
            began = time.perf_counter()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1e6
