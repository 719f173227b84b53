"""Unit lists from asset management: one row is one unit."""

import re
from typing import Any

from musterroll.domain.enrolment.claim_rules import named_product, text
from musterroll.domain.units.kinds import UnitKind, identifier_key, likely_identity
from musterroll.readers import cells
from musterroll.readers import heading_names as names
from musterroll.readers.fields import DocumentKind, Field, Hints, WrongOrder
from musterroll.readers.kinds import UNIT_KIND
from musterroll.readers.statuses import UNITS, one_of

DETAILS = ("name", "warranty_type", "warranty_provider", "purchase_cost", "location", "contact_name", "contact_email", "contact_phone")

TAG_FOR_SERIAL = "tag_for_serial"  # a value of rows without a serial number
KNOWN_AS = "known_as"  # a value of rows about a unit that is registered under another serial: its serial key
READ_AS = "read_as"  # a value of rows whose serial key is not that of a device: the kind it is the key for
_NAMES_A_CURRENCY = re.compile(r"[^\W\d_]|[$€£¥₹₩₽₺₫₪฿₴]")


def _stand_in(values: dict[str, Any]) -> None:
    """A unit without a serial number is known by its asset tag."""
    if "serial" not in values and "asset_tag" in values:
        values["serial"] = values[TAG_FOR_SERIAL] = cells.serial("Asset Tag", values["asset_tag"], Hints())


def _complete(values: dict[str, Any]) -> None:
    """Adds the keys that units are compared by. Where the list does not say what kind the unit is, the import asks its product."""
    serial, kind = text("serial", values["serial"], 200), values.get("kind")
    values["serial"] = serial
    values["serial_key"], read_as = (identifier_key(serial, kind), kind) if kind else likely_identity(serial)
    if read_as is not UnitKind.DEVICE:
        values[READ_AS] = read_as
    values["maker_key"], values["model_key"] = named_product(values["maker"], values["model"])
    if "hostname" in values:
        values["hostname"] = values["hostname"].lower()
    currency, cost = values.pop("currency", ""), values.get("purchase_cost", "")
    if currency and cost and not _NAMES_A_CURRENCY.search(cost):
        values["purchase_cost"] = f"{cost} {currency}"
    starts_on, ends_on = values.get("warranty_starts_on"), values.get("warranty_ends_on")
    if starts_on and ends_on and ends_on <= starts_on:
        raise WrongOrder("warranty_ends_on", "warranty_starts_on")


KIND = DocumentKind(
    "units",
    "serials, locations and dates",
    (
        Field("serial", "Serial Number", names.SERIAL, cells.serial, required=True),
        Field("maker", "Manufacturer", names.MAKER, cells.text(200), required=True),
        Field(
            "model",
            "Model",
            names.MODEL,
            cells.text(200),
            required=True,
        ),
        Field("shipped_on", "Ship Date", names.SHIPPED, cells.day),
        Field(
            "installed_on",
            "Install Date",
            names.INSTALLED,
            cells.day,
        ),
        Field("left_on", "Retired Date", names.LEFT, cells.day),
        Field("registered_on", "Registration Date", names.REGISTERED, cells.day),
        Field(
            "lifecycle",
            "Status",
            names.STATUS,
            one_of(UNITS, "Installed, In Stock, Shipped, Returned or Retired", may_be_unknown=True),
        ),
        Field("account", "Account ID", names.ACCOUNT, cells.ref),
        Field("site", "Site ID", names.SITE, cells.ref),
        Field(
            "warranty_months",
            "Warranty Months",
            names.WARRANTY_MONTHS,
            cells.months,
        ),
        Field("warranty_starts_on", "Warranty Start", names.WARRANTY_START, cells.day),
        Field("warranty_ends_on", "Warranty End", names.WARRANTY_END, cells.last_day),
        Field("warranty_type", "Warranty Type", names.WARRANTY_TYPE, cells.text(120)),
        Field("warranty_provider", "Warranty Provider", names.WARRANTY_PROVIDER, cells.text(200)),
        Field("purchased_on", "Purchase Date", names.PURCHASED, cells.day),
        Field("purchase_cost", "Purchase Cost", names.PURCHASE_COST, cells.text(60)),
        Field("currency", "Currency", names.CURRENCY, cells.currency),
        Field("name", "Unit Name", names.UNIT_NAME, cells.text(120)),
        Field("asset_tag", "Asset Tag", names.ASSET_TAG, cells.code(120)),
        Field("hostname", "Hostname", names.HOSTNAME, cells.text(120)),
        Field("kind", "Unit Kind", "unitkind kindofunit itemkind kind", UNIT_KIND),
        Field("host", "Host ID", "hostid runsonhost nodehost physicalhost hypervisor hypervisorhost", cells.text(120)),
        Field("cores", "Cores", "hostcores licensedcores licencecores", cells.whole_number(1, 100_000)),
        Field("location", "Location", names.LOCATION, cells.text(200)),
        Field("contact_name", "Contact Name", names.CONTACT_NAME, cells.text(120)),
        Field("contact_email", "Contact Email", names.CONTACT_EMAIL, cells.text(200)),
        Field("contact_phone", "Contact Phone", names.PHONE, cells.code(60)),
    ),
    key=("maker_key", "model_key", "serial_key"),
    shown=("serial",),
    named_by=("serial", "maker", "model"),
    complete=_complete,
    stand_in=_stand_in,
    nouns="product",
)
