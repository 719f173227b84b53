"""Support tickets: one row is one incident, on the unit whose serial it names."""

from typing import Any

from musterroll.domain.units.serials import BadSerial, name_key, serial_key
from musterroll.readers import cells
from musterroll.readers.cells import BadCell
from musterroll.readers.fields import DocumentKind, Field


def _finish(said: dict[str, Any]) -> None:
    if "closed_on" in said and said["closed_on"] < said["opened_on"]:
        raise BadCell("the Closed date is before the Opened date")
    said["maker_key"] = name_key(said.pop("maker", ""))
    try:
        said["serial_key"] = serial_key(said["serial"])
    except BadSerial:
        said["serial_key"] = ""  # a ticket on a placeholder is still a ticket


KIND = DocumentKind(
    "incidents",
    "support tickets",
    (
        Field(
            "ref",
            "Ticket",
            "ticket ticketid ticketnumber ticketno casenumber caseid incidentnumber incidentid incident case number id",
            cells.ref,
        ),
        Field(
            "serial",
            "Serial Number",
            "serialnumber serialno serial assetserialnumber deviceserialnumber asset sn",
            cells.serial,
            needed=True,
        ),
        Field("maker", "Manufacturer", "manufacturer manufacturername maker make vendor brand", cells.text(200)),
        Field(
            "opened_on",
            "Opened",
            "opened openedon opendate dateopened dateopened createddate createdate created createdat",
            cells.day,
            needed=True,
        ),
        Field("closed_on", "Closed", "closed closedon closedate dateclosed closeddate resolveddate resolvedon resolved", cells.day),
        Field("category", "Category", "category type incidenttype casetype reason problemtype rootcause", cells.text(120)),
        Field("hours", "Hours", "hours handlinghours hoursspent workhours effort timespent", cells.number),
        Field("parts", "Parts", "parts partsused partcount numberofparts", cells.whole(0, 100_000)),
    ),
    key=("ref",),
    finish=_finish,
)
