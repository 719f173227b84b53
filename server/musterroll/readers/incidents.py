"""Support tickets: one row is one incident, on the unit with the serial it names."""

from typing import Any

from musterroll.domain.units.serials import BadSerial, name_key, serial_key
from musterroll.readers import cells
from musterroll.readers import heading_names as names
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
            names.TICKET,
            cells.ref,
        ),
        Field(
            "serial",
            "Serial Number",
            names.SERIAL,
            cells.serial,
        ),
        Field("maker", "Manufacturer", names.MAKER, cells.text(200)),
        Field(
            "opened_on",
            "Opened",
            names.OPENED,
            cells.day,
            required=True,
        ),
        Field("closed_on", "Closed", names.CLOSED, cells.day),
        Field("category", "Category", names.CATEGORY, cells.text(120)),
        Field("hours", "Hours", names.HOURS, cells.hours),
        Field("parts", "Parts", "parts partsused partcount numberofparts", cells.whole_number(0, 100_000)),
    ),
    key=("ref",),
    complete=_complete,
    nouns="ticket case incident request issue asset",
)
