"""Unit lists from asset management: one row is one unit."""

from typing import Any

from musterroll.domain.enrolment.claim_rules import identity_claim
from musterroll.readers import cells
from musterroll.readers.fields import DocumentKind, Field
from musterroll.readers.statuses import UNITS, one_of

_SERIAL = "serialnumber serialno serialnum serial unitserialnumber unitserial deviceserialnumber deviceserial assetserialnumber sn sno"


def _complete(values: dict[str, Any]) -> None:
    """Adds the keys that units are compared by."""
    unit = identity_claim(values["maker"], values["model"], values["serial"])
    values["serial"], values["serial_key"] = unit.serial, unit.serial_key
    values["maker_key"], values["model_key"] = unit.maker_key, unit.model_key


KIND = DocumentKind(
    "units",
    "serials, locations and dates",
    (
        Field("serial", "Serial Number", _SERIAL, cells.serial, required=True),
        Field("maker", "Manufacturer", "manufacturer manufacturername maker make vendor brand oem", cells.text(200), required=True),
        Field(
            "model",
            "Model",
            "model modelnumber modelno modelname productmodel productname product productcode",
            cells.text(200),
            required=True,
        ),
        Field("shipped_on", "Ship Date", "shipdate shippeddate shippedon dateshipped shipmentdate dispatchdate shipped", cells.day),
        Field(
            "installed_on",
            "Install Date",
            "installdate installeddate installationdate installedon dateinstalled deploydate deployedon commissioningdate",
            cells.day,
        ),
        Field("registered_on", "Registration Date", "registrationdate registereddate registeredon dateregistered registered", cells.day),
        Field(
            "lifecycle",
            "Status",
            "status lifecycle lifecyclestatus lifecyclestage assetstatus unitstatus assetstate",
            one_of(UNITS, "Installed, In Stock, Shipped, Returned or Retired", may_be_unknown=True),
        ),
        Field(
            "account", "Account ID", "accountid accountno accountnumber accountref customerid customerno customernumber account", cells.ref
        ),
        Field("site", "Site ID", "siteid siteno sitenumber siteref locationid locationnumber site", cells.ref),
        Field(
            "warranty_months",
            "Warranty Months",
            "warrantymonths warrantyinmonths warrantyperiodmonths warrantylengthmonths warrantytermmonths monthsofwarranty",
            cells.months,
        ),
    ),
    key=("maker_key", "model_key", "serial_key"),
    shown=("serial",),
    complete=_complete,
)
