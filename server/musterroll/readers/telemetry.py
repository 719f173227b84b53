"""Lists of last reports from another platform: one row is when a unit first and last reported, its firmware and its counters."""

from typing import Any

from musterroll.domain.units.serials import name_key, serial_key
from musterroll.readers import cells
from musterroll.readers.fields import DocumentKind, Field


def _complete(values: dict[str, Any]) -> None:
    values["serial_key"] = serial_key(values["serial"])
    values["maker_key"] = name_key(values.get("maker", ""))


KIND = DocumentKind(
    "telemetry",
    "last reports from another platform",
    (
        Field(
            "serial",
            "Serial Number",
            "serialnumber serialno serial deviceserialnumber deviceserial assetserialnumber sn",
            cells.serial,
            required=True,
        ),
        Field("maker", "Manufacturer", "manufacturer manufacturername maker make vendor brand", cells.text(200)),
        Field(
            "first_heard_at",
            "First Seen",
            "firstseen firstseenat firstheard firstcontact firstconnected firstreported activatedat activationdate",
            cells.instant,
        ),
        Field(
            "heard_at",
            "Last Seen",
            "lastseen lastseenat lastheard lastcontact lastcheckin lastreported lastreport lastconnected lastactive lastactivity",
            cells.instant,
            required=True,
        ),
        Field(
            "interval",
            "Interval Seconds",
            "intervalseconds reportingintervalseconds reportinginterval interval",
            cells.seconds(5, 2_592_000),
        ),
        Field("firmware", "Firmware", "firmware firmwareversion softwareversion swversion fwversion osversion", cells.text(256)),
        Field("operating_hours", "Operating Hours", "operatinghours poweronhours runninghours runtimehours hoursrun", cells.counter),
    ),
    key=("maker_key", "serial_key"),
    shown=("serial",),
    complete=_complete,
    counters=cells.counter,
)
