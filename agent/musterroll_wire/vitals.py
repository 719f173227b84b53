"""The vitals that units report with each heartbeat: one entry of one list, by name, and everything else follows it.

To add a vital, append an entry here, a method of that name to the agent's `Probes`, and a migration for its column. Entries are only ever
appended, never removed or moved: a heartbeat carries the readings in the order of the list.
"""

from typing import NamedTuple

MAX_READING = 1000  # readings are whole numbers from -1000 to 1000


class Vital(NamedTuple):
    """`name` is its JSON key, column and probe; `least` to `most` is what makes sense, which charts show and probes keep to."""

    name: str
    label: str  # on pages
    symbol: str  # of the unit of measure
    least: int
    most: int
    description: str
    chart_span: int | None = None  # the least that a chart's axis spans; None: always all of `least` to `most`


VITALS = (
    Vital("cpu", "Processor", "%", 0, 100, "processor time in use since the previous reading, percent"),
    Vital("memory", "Memory", "%", 0, 100, "memory in use, percent"),
    Vital("disk", "Disk", "%", 0, 100, "disk space in use, percent"),
    Vital("temperature", "Temperature", "°C", -80, 200, "hottest sensor, degrees Celsius", chart_span=20),
)
VITAL_NAMES = tuple(vital.name for vital in VITALS)
