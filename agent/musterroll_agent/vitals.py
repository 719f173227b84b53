"""How the machine is: each probe may fail, lie or be missing, and then says None."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple


class Vitals(NamedTuple):
    """Percent, and degrees Celsius."""

    cpu: int | None = None
    memory: int | None = None
    disk: int | None = None
    temperature: int | None = None


class Probes:
    """Reads vitals through psutil, imported at the first reading; without psutil every vital is None."""

    def __init__(self, disk: str = "/") -> None:
        self._disk = disk
        self._psutil: Any = None
        self._warm = False

    def read(self) -> Vitals:
        if self._psutil is None:
            self._psutil = _import_psutil()
        return Vitals(_try(self._cpu), _try(self._memory), _try(self._fill), _try(self._temperature))

    def _cpu(self) -> float | None:
        busy: float = self._psutil.cpu_percent(interval=None)  # since the reading before, so the first means nothing
        warm, self._warm = self._warm, True
        return busy if warm else None

    def _memory(self) -> float:
        return float(self._psutil.virtual_memory().percent)

    def _fill(self) -> float:
        return float(self._psutil.disk_usage(self._disk).percent)

    def _temperature(self) -> float | None:
        readings = [r.current for group in self._psutil.sensors_temperatures().values() for r in group if -80 < r.current < 200]
        return max(readings, default=None)


def _import_psutil() -> Any:
    try:
        import psutil
    except Exception:  # not installed, or built for another machine
        return object()
    return psutil


def _try(probe: Callable[[], float | None]) -> int | None:
    try:
        found = probe()
        return None if found is None else max(-1000, min(1000, round(found)))
    except Exception:  # a probe of the hardware may raise anything, and none of it may stop the agent
        return None


def clock_synchronised(root: Path = Path("/")) -> bool | None:
    """Whether something keeps the unit's clock right; None where nobody can tell."""
    if (root / "run/systemd/timesync/synchronized").exists():
        return True
    try:
        return _kernel_says()
    except Exception:  # no such call here
        return None


def _kernel_says() -> bool | None:
    """adjtimex(2) returns TIME_ERROR (5) while the clock is not synchronised, and needs no rights to be asked."""
    import ctypes

    buffer = ctypes.create_string_buffer(512)  # larger than struct timex anywhere; modes = 0 only reads
    state = int(ctypes.CDLL(None).adjtimex(buffer))
    return None if state < 0 else state != 5


def read_usage(path: Path) -> dict[str, float]:
    """The lifetime usage counters another program keeps in a JSON file; empty where there are none or they are unfit."""
    import json

    try:
        found = json.loads(path.read_bytes()[:4096])
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict) or len(found) > 16:
        return {}
    return {str(k)[:32]: v for k, v in found.items() if type(v) in (int, float) and abs(v) < 2**53}
