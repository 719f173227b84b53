"""Support tickets: one row is one incident, on the unit with the serial it names."""

from typing import Any

from musterroll.domain.units.kinds import likely_key
from musterroll.domain.units.serials import BadSerial, name_key
from musterroll.readers import cells
from musterroll.readers import heading_names as names
from musterroll.readers.fields import DocumentKind, Field, WrongOrder


def _complete(values: dict[str, Any]) -> None:
    if "closed_on" in values and values["closed_on"] < values["opened_on"]:
        raise WrongOrder("closed_on", "opened_on")
    values["maker_key"] = name_key(values.pop("maker", ""))
    try:
        values["serial_key"] = likely_key(values.get("serial", ""))
    except BadSerial:
        values["serial_key"] = ""  # a ticket without a serial, or for a placeholder, is still a ticket
    if "hostname" in values:
        values["hostname"] = values["hostname"].lower()
    if "mac" in values:
        values["mac"] = values["mac"].lower().replace("-", ":")


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
        Field("category", "Category", names.CATEGORY, cells.code(120)),
        Field("hours", "Hours", names.HOURS, cells.hours),
        Field("account", "Account ID", names.ACCOUNT, cells.ref),
        Field("asset_tag", "Asset Tag", names.ASSET_TAG, cells.code(120)),
        Field("hostname", "Hostname", names.CONFIGURATION_ITEM, cells.text(120)),
        Field("mac", "MAC Address", names.MAC, cells.text(60)),
        Field("uid", "Unit ID", "unitid musterrollid", cells.text(64)),
        Field("parts", "Parts", "parts partsused partcount numberofparts", cells.whole_number(0, 100_000)),
        Field("credits", "Credits", "credits creditsused supportcredits tokensused pointsused", cells.number),
    ),
    key=("ref",),
    complete=_complete,
    nouns="ticket case incident request issue asset",
)
