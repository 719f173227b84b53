"""Support tickets: one row is one incident, on the unit with the serial it names."""

from typing import Any

from musterroll.domain.units.serials import BadSerial, name_key, serial_key
from musterroll.readers import cells
from musterroll.readers.cells import BadCell
from musterroll.readers.fields import DocumentKind, Field


def _complete(values: dict[str, Any]) -> None:
    if "closed_on" in values and values["closed_on"] < values["opened_on"]:
        raise BadCell("the Closed date is before the Opened date")
    values["maker_key"] = name_key(values.pop("maker", ""))
    try:
        values["serial_key"] = serial_key(values.get("serial", ""))
    except BadSerial:
        values["serial_key"] = ""  # a ticket without a serial, or for a placeholder, is still a ticket


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
        ),
        Field("maker", "Manufacturer", "manufacturer manufacturername maker make vendor brand", cells.text(200)),
        Field(
            "opened_on",
            "Opened",
            "opened openedon opendate dateopened dateopened createddate createdate created createdat",
            cells.day,
            required=True,
        ),
        Field("closed_on", "Closed", "closed closedon closedate dateclosed closeddate resolveddate resolvedon resolved", cells.day),
        Field("category", "Category", "category type incidenttype casetype reason problemtype rootcause", cells.text(120)),
        Field("hours", "Hours", "hours handlinghours hoursspent workhours effort timespent", cells.hours),
        Field("parts", "Parts", "parts partsused partcount numberofparts", cells.whole_number(0, 100_000)),
    ),
    key=("ref",),
    complete=_complete,
)
