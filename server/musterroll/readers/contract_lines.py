"""Contract lines from a CPQ system: one row covers one serial, or a quantity of a product at a site, an account or its subtree."""

from typing import Any

from musterroll.domain.contracts.terms import LineScope
from musterroll.domain.units.serials import serial_key
from musterroll.readers import cells
from musterroll.readers.cells import BadCell
from musterroll.readers.cells.money import CURRENCY_HEADINGS, settle
from musterroll.readers.fields import DocumentKind, Field
from musterroll.readers.statuses import one_of

_SCOPES = {
    LineScope.SERIAL: "serial unit asset serialnumber device",
    LineScope.SITE: "site location",
    LineScope.ACCOUNT: "account customer",
    LineScope.SUBTREE: "subtree group accountandsubsidiaries customerandsubsidiaries accounttree enterprise",
}


def _complete(values: dict[str, Any]) -> None:
    """What the line covers: its scope or, without one, the most specific thing given."""
    settle(values, "price")
    starts_on, ends_on = values.get("starts_on"), values.get("ends_on")
    if starts_on and ends_on and ends_on <= starts_on:
        raise BadCell("the End Date is before the Start Date")
    if "serial" in values:
        values["serial_key"] = serial_key(values["serial"])
    subsidiaries = values.pop("subsidiaries", False)
    if "scope" not in values:
        place = LineScope.SITE if "site" in values else LineScope.SUBTREE if subsidiaries else LineScope.ACCOUNT
        values["scope"] = LineScope.SERIAL if "serial" in values else place
    if values["scope"] is LineScope.SERIAL and "serial" not in values:
        raise BadCell("the line covers a serial but has none; fill in the Serial Number or change the Scope")
    if values["scope"] is LineScope.SITE and "site" not in values:
        raise BadCell("the line covers a site but has none; fill in the Site ID or change the Scope")


KIND = DocumentKind(
    "contract-lines",
    "the units each contract covers",
    (
        Field(
            "contract",
            "Contract Number",
            "contractnumber contractno contractref contractid agreementnumber agreementno agreementid contract",
            cells.ref,
        ),
        Field("number", "Line", "line linenumber lineno lineitem lineitemnumber lineitemid lineid position item", cells.text(40)),
        Field(
            "serial", "Serial Number", "serialnumber serialno serial assetserialnumber deviceserialnumber unitserialnumber sn", cells.serial
        ),
        Field("maker", "Manufacturer", "manufacturer manufacturername maker make vendor brand", cells.text(200)),
        Field("model", "Model", "model modelnumber modelno modelname productmodel productname product productcode", cells.text(200)),
        Field("site", "Site ID", "siteid sitenumber siteno siteref locationid locationnumber site", cells.ref),
        Field("account", "Account ID", "accountid accountnumber accountno accountref customerid customernumber account", cells.ref),
        Field("scope", "Scope", "scope coveragescope covers coverlevel", one_of(_SCOPES, "Serial, Site, Account or Subtree")),
        Field(
            "subsidiaries", "Including Subsidiaries", "includingsubsidiaries includesubsidiaries subsidiaries wholegroup", cells.yes_or_no
        ),
        Field("quantity", "Quantity", "quantity qty count units numberofunits", cells.whole_number(1, 10_000_000)),
        Field("service", "Service Level", "servicelevel sla slalevel service serviceplan entitlement supportlevel", cells.text(120)),
        Field(
            "price",
            "Price Per Year",
            "priceperyear annualprice yearlyprice annualunitprice unitpriceperyear unitprice price annualvalue",
            cells.amount,
        ),
        Field("currency", "Currency", CURRENCY_HEADINGS, cells.currency),
        Field("starts_on", "Start Date", "startdate linestartdate starton startson validfrom start", cells.day),
        Field("ends_on", "End Date", "enddate lineenddate endson expirationdate validto validuntil end", cells.last_day),
    ),
    key=("contract", "number"),
    complete=_complete,
)
