"""Contract lines from a CPQ system: one row covers one serial, or a quantity of a product at a site, an account or its subtree."""

from typing import Any

from musterroll.domain.contracts import limit_text
from musterroll.domain.contracts.limits import Limit, LimitKind, LimitPeriod
from musterroll.domain.contracts.terms import LineScope
from musterroll.domain.units.kinds import likely_key
from musterroll.domain.values.errors import DomainError
from musterroll.readers import cells
from musterroll.readers import heading_names as names
from musterroll.readers.cells import BadCell
from musterroll.readers.cells.money import CURRENCY_HEADINGS, settle
from musterroll.readers.cells.numbers import SMALLEST
from musterroll.readers.fields import DocumentKind, Field, Hints, WrongOrder
from musterroll.readers.limits import PERIODS, UNLIMITED, allowed
from musterroll.readers.statuses import one_of

_SCOPES = {
    LineScope.SERIAL: "serial unit asset serialnumber device",
    LineScope.SITE: "site location",
    LineScope.ACCOUNT: "account customer",
    LineScope.SUBTREE: "subtree group accountandsubsidiaries customerandsubsidiaries accounttree enterprise",
}


INCLUDED = {  # columns that say one limit each, and its kind
    **{"included_calls": LimitKind.CALLS, "included_hours": LimitKind.HOURS, "included_visits": LimitKind.VISITS},
    **{"included_credits": LimitKind.CREDITS, "named_seats": LimitKind.NAMED},
}


def _limits(name: str, cell: str, hints: Hints) -> Any:
    try:
        return tuple(limit_text.read(cell))
    except DomainError as why:
        raise BadCell(f"the {name}: {why}") from None


def _complete_limits(values: dict[str, Any]) -> None:
    """One list of limits from the columns that say some."""
    period = values.pop("limit_period", LimitPeriod.YEAR)
    amounts = {kind: values.pop(name) for name, kind in INCLUDED.items() if name in values}
    given = [Limit(kind, None if amount is UNLIMITED else amount, period) for kind, amount in amounts.items()]
    if twice := {limit.kind for limit in given} & {limit.kind for limit in values.get("limits", ())}:
        raise BadCell(f"{' and '.join(sorted(twice)).replace('_', ' ')}: the limit is given twice, also under Limits")
    if given:
        values["limits"] = (*values.get("limits", ()), *given)


def _complete(values: dict[str, Any]) -> None:
    """What the line covers: its scope or, without one, the most specific thing given."""
    months, total = values.pop("billing_months", 12), values.pop("line_total", None)
    if total is not None and "price" not in values:  # a price of its own says it better
        values["price"] = total._replace(value=(total.value / values.get("quantity", 1)).quantize(SMALLEST))
    settle(values, "price", months)
    _complete_limits(values)
    starts_on, ends_on = values.get("starts_on"), values.get("ends_on")
    if starts_on and ends_on and ends_on <= starts_on:
        raise WrongOrder("ends_on", "starts_on")
    if "serial" in values:
        values["serial_key"] = likely_key(values["serial"])
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
            names.CONTRACT,
            cells.ref,
        ),
        Field("number", "Line", names.LINE, cells.code(40)),
        Field("serial", "Serial Number", names.SERIAL, cells.serial),
        Field("maker", "Manufacturer", names.MAKER, cells.text(200)),
        Field("model", "Model", names.MODEL, cells.text(200)),
        Field("site", "Site ID", names.SITE, cells.ref),
        Field("account", "Account ID", names.ACCOUNT, cells.ref),
        Field("scope", "Scope", "scope coveragescope covers coverlevel", one_of(_SCOPES, "Serial, Site, Account or Subtree")),
        Field(
            "subsidiaries", "Including Subsidiaries", "includingsubsidiaries includesubsidiaries subsidiaries wholegroup", cells.yes_or_no
        ),
        Field("quantity", "Quantity", names.QUANTITY, cells.whole_number(1, 10_000_000)),
        Field("service", "Service Level", names.SERVICE_LEVEL, cells.text(120)),
        Field(
            "price",
            "Price Per Year",
            names.PRICE,
            cells.amount,
        ),
        Field("line_total", "Annual Value of Line", names.LINE_TOTAL, cells.amount),
        Field("billing_months", "Billing Period", names.BILLING_PERIOD, cells.period),
        Field("currency", "Currency", CURRENCY_HEADINGS, cells.currency),
        Field("starts_on", "Start Date", names.START, cells.day),
        Field("ends_on", "End Date", names.END, cells.last_day),
        Field("limits", "Limits", "limits allowances entitlements includedservices", _limits),
        Field("included_calls", "Included Calls", "includedcalls includedincidents includedtickets inklusiveanrufe", allowed),
        Field("included_hours", "Included Hours", "includedhours includedsupporthours inklusivstunden heuresincluses", allowed),
        Field("included_visits", "Included Visits", "includedvisits includedonsitevisits inklusiveeinsatze", allowed),
        Field("included_credits", "Included Credits", "includedcredits supportcredits prepaidcredits", allowed),
        Field("named_seats", "Named Seats", "namedseats namedusers licensedusers", allowed),
        Field("limit_period", "Limit Period", "limitperiod allowanceperiod", one_of(PERIODS, "Month, Quarter, Year or Term")),
    ),
    key=("contract", "number"),
    complete=_complete,
    ends="ends_on",
    nouns="line lineitem contractline product",
)
