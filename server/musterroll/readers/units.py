"""Unit lists from asset management: one row is one unit."""

from typing import Any

from musterroll.domain.enrolment.claim_rules import identity_claim
from musterroll.readers import cells
from musterroll.readers import heading_names as names
from musterroll.readers.fields import DocumentKind, Field
from musterroll.readers.statuses import UNITS, one_of


def _complete(values: dict[str, Any]) -> None:
    """Adds the keys that units are compared by."""
    unit = identity_claim(values["maker"], values["model"], values["serial"])
    values["serial"], values["serial_key"] = unit.serial, unit.serial_key
    values["maker_key"], values["model_key"] = unit.maker_key, unit.model_key


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
    ),
    key=("maker_key", "model_key", "serial_key"),
    shown=("serial",),
    complete=_complete,
    nouns="product",
)
