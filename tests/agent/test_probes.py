"""Vitals from the kernel's files, from psutil where there are none, and None where neither knows."""

from pathlib import Path

from musterroll_agent.probes import Probes, clock_synchronised
from musterroll_wire.vitals import VITAL_NAMES

from tests.agent.test_machine import tree

STAT = "cpu  {} 0 0 {} 0 0 0 0 0 0\ncpu0 1 1 1\n"
MEMORY = "MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 250 kB\nBuffers: 0 kB\n"


def test_vitals_are_read_from_the_kernels_files(tmp_path: Path) -> None:
    files = {
        "proc/stat": STAT.format(100, 900),
        "proc/meminfo": MEMORY,
        "sys/class/thermal/thermal_zone0/temp": "48500\n",
        "sys/class/thermal/thermal_zone1/temp": "-274000\n",
        "sys/class/thermal/thermal_zone2/temp": "broken\n",
    }
    probes = Probes(str(tmp_path), root=tree(tmp_path, files))
    first = probes.read()
    assert first == {"memory": 75, "disk": first["disk"], "temperature": 48}
    assert 0 <= first["disk"] <= 100
    tree(tmp_path, {"proc/stat": STAT.format(130, 970)})
    assert probes.read()["cpu"] == 30


def test_every_probe_has_the_name_of_a_vital() -> None:
    probes = {name for name in vars(Probes) if not name.startswith("_")} - {"read"}
    assert probes == set(VITAL_NAMES)


def test_every_probe_may_fail(tmp_path: Path) -> None:
    tree(tmp_path, {"proc/stat": "", "proc/meminfo": "MemTotal: many\n"})
    assert Probes("/no/such/place", root=tmp_path).read() == {}


def test_psutil_is_used_where_there_is_no_proc(tmp_path: Path) -> None:
    probes = Probes("/", root=tmp_path)
    probes.read()
    vitals = probes.read()
    assert {"memory", "disk"} <= vitals.keys()


def test_the_clock_is_synchronised_where_timesyncd_says_so(tmp_path: Path) -> None:
    tree(tmp_path, {"run/systemd/timesync/synchronized": ""})
    assert clock_synchronised(tmp_path) is True
    assert clock_synchronised(tmp_path / "elsewhere") in (True, False, None)
