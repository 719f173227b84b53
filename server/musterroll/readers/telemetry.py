"""Lists of last reports from another platform: one row is when a unit first and last reported, its firmware and its counters."""

from typing import Any

from musterroll.domain.units.kinds import likely_key
from musterroll.domain.units.serials import name_key
from musterroll.readers import cells
from musterroll.readers import heading_names as names
from musterroll.readers.fields import DocumentKind, Field


def _complete(values: dict[str, Any]) -> None:
    values["serial_key"] = likely_key(values["serial"])
    values["maker_key"] = name_key(values.get("maker", ""))


KIND = DocumentKind(
    "telemetry",
    "last reports from another platform",
    (
        Field(
            "serial",
            "Serial Number",
            names.SERIAL,
            cells.serial,
            required=True,
        ),
        Field("maker", "Manufacturer", names.MAKER, cells.text(200)),
        Field(
            "first_heard_at",
            "First Seen",
            names.FIRST_SEEN,
            cells.instant,
        ),
        Field(
            "heard_at",
            "Last Seen",
            names.LAST_SEEN,
            cells.instant,
            required=True,
        ),
        Field(
            "interval",
            "Interval Seconds",
            "intervalseconds reportingintervalseconds reportinginterval interval",
            cells.seconds(5, 2_592_000),
        ),
        Field("firmware", "Firmware", names.FIRMWARE, cells.text(256)),
        Field("operating_hours", "Operating Hours", "operatinghours poweronhours runninghours runtimehours hoursrun", cells.counter),
    ),
    key=("maker_key", "serial_key"),
    shown=("serial",),
    complete=_complete,
    counters=cells.counter,
    nouns="telemetry status",
    may_be_empty=("heard_at",),  # a unit that the platform never heard
)
