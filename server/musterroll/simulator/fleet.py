"""Simulated units from a seed: makers, models, serials, warranty cards, vitals. The same seed and number give the same unit."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from musterroll_wire.vitals import VITALS

_DAY = 86400
_FIRST_INSTALLED = 1_640_995_200  # 2022-01-01: the oldest unit; the youngest is three years younger


class Kind(NamedTuple):
    """One product. In the pattern `serial`, # is a digit of the unit's number and % a random letter or digit."""

    maker: str
    model: str
    serial: str
    firmware: tuple[str, ...]
    months: int | None  # warranty on the card; None: no card
    warm: int  # degrees Celsius, mean over a day
    counter: str  # a lifetime usage counter, or ""


KINDS = (
    Kind("Nordlys Kjøling AS", "CoolBox 400", "NK4-#######", ("3.2.0", "3.2.1", "3.4.0"), 36, 6, "compressor_starts"),
    Kind("Nordlys Kjøling AS", "CoolBox 900", "NK9-#######", ("3.4.0",), 60, 5, "compressor_starts"),
    Kind("Halvard Instruments Ltd", "Q-Vent 2", "HV2%%#######", ("1.14", "1.15"), 24, 37, "cycles"),
    Kind("Tessel GmbH", "EdgeGate 10", "00#######", ("2025.4", "2025.9", "2026.2"), 24, 44, ""),
    Kind("Tessel GmbH", "EdgeGate 30", "01#######", ("2026.2",), 36, 48, ""),
    Kind("Okawa Precision", "OP-Meter", "OP/%%%%/#######", ("7.0.3", "7.1.0"), 12, 21, "pulses"),
    Kind("Okawa Precision", "OP-Meter Lite", "OPL/%%/#######", ("7.1.0",), None, 21, "pulses"),
)
_SHARES = (26, 10, 18, 22, 8, 12, 4)
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ23456789"


class SimulatedUnit(NamedTuple):
    kind: Kind
    serial: str
    firmware: str
    installed_at: int  # unix seconds
    phase: float  # of its daily cycle and noise, 0 to 1
    load: int  # typical CPU load in percent
    machine: str = ""  # tells machines apart that have one serial

    @property
    def card(self) -> dict[str, Any] | None:
        """The warranty card on the device."""
        if self.kind.months is None:
            return None
        start = datetime.fromtimestamp(self.installed_at, UTC).date()
        return {"starts_on": start.isoformat(), "months": self.kind.months}

    @property
    def evidence(self) -> dict[str, str]:
        mac = Random(self.serial + self.machine).randbytes(5).hex(":")  # noqa: S311
        return {"mac": f"02:{mac}"}

    def operating(self, at: int) -> int:
        """Lifetime operating seconds at `at` (Unix seconds), independent of when the simulator ran."""
        return max(0, int((at - self.installed_at) * (0.9 + self.phase / 10)))

    def boots(self, at: int) -> int:
        return 1 + max(0, at - self.installed_at) // (20 * _DAY)

    def usage(self, at: int) -> dict[str, float]:
        return {self.kind.counter: self.operating(at) // 240} if self.kind.counter else {}

    def vitals(self, at: int) -> dict[str, int]:
        """Every vital by name, with a daily cycle and a slowly filling disk; one without a model stays near the middle of its range."""
        day = at / _DAY + self.phase / 8
        sun = math.sin((day - 0.375) * 2 * math.pi)  # highest at three in the afternoon, UTC
        swell = math.sin((at / 300 + self.phase * 40) * 2 * math.pi / 7)
        models = {
            "cpu": self.load * (1 + 0.3 * sun + 0.2 * swell),
            "memory": 35 + 20 * self.phase + 5 * swell,
            "disk": 15 + 30 * self.phase + self.operating(at) / _DAY % 120 / 4,
            "temperature": self.kind.warm + 3 * sun + swell + 2 * self.phase,
        }
        readings = {vital.name: (vital.least + vital.most) / 2 + swell for vital in VITALS} | models
        return {vital.name: min(vital.most, round(readings[vital.name])) for vital in VITALS}


def fleet(seed: int, units: int) -> Iterator[SimulatedUnit]:
    """The first `units` units of a seed; a larger fleet contains the smaller one."""
    for number in range(units):
        yield unit(seed, number)


def unit(seed: int, number: int) -> SimulatedUnit:
    """The unit with this number, from 0."""
    random = Random(f"{seed}/{number}")  # noqa: S311
    kind = random.choices(KINDS, _SHARES)[0]
    # A step coprime to 10^7 scatters the numbers without repeating one.
    count = f"{(seed * 1_000_003 + number * 7_919_003) % 10_000_000:07}"
    letters = "".join(random.choice(_LETTERS) if c == "%" else c for c in kind.serial)
    installed = _FIRST_INSTALLED + random.randrange(int(timedelta(days=3 * 365).total_seconds()))
    return SimulatedUnit(
        kind, letters.replace("#######", count), random.choice(kind.firmware), installed, random.random(), random.randrange(4, 40)
    )
