"""What another platform last heard of units: one row is one unit's first and last word, its firmware and its counters."""

from typing import Any

from musterroll.domain.units.serials import name_key, serial_key
from musterroll.readers import cells
from musterroll.readers.fields import DocumentKind, Field


def _finish(said: dict[str, Any]) -> None:
    said["serial_key"] = serial_key(said["serial"])
    said["maker_key"] = name_key(said.get("maker", ""))


KIND = DocumentKind(
    "telemetry",
    "last reports from another platform",
    (
        Field("serial", "Serial Number", "serialnumber serialno serial deviceserialnumber deviceserial assetserialnumber sn", cells.serial),
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
            needed=True,
        ),
        Field(
            "interval", "Interval Seconds", "intervalseconds reportingintervalseconds reportinginterval interval", cells.whole(5, 2_592_000)
        ),
        Field("firmware", "Firmware", "firmware firmwareversion softwareversion swversion fwversion osversion", cells.text(256)),
        Field("operating_hours", "Operating Hours", "operatinghours poweronhours runninghours runtimehours hoursrun", cells.reading),
    ),
    key=("maker_key", "serial_key"),
    shown=("serial",),
    finish=_finish,
    counters=cells.reading,
)
