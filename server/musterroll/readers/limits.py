"""Limits of contract lines from a CPQ or subscription system: one row is what one line allows of one kind per period."""

from typing import Any

from musterroll.domain.contracts.limits import MOST, Limit, LimitKind, LimitPeriod
from musterroll.readers import cells
from musterroll.readers import heading_names as names
from musterroll.readers.cells import BadCell
from musterroll.readers.cells.texts import heading_key
from musterroll.readers.fields import DocumentKind, Field, Hints
from musterroll.readers.statuses import one_of

UNLIMITED = object()
_UNLIMITED = {"unlimited", "nolimit", "unbegrenzt", "illimite", "ilimitado", "illimitato", "onbeperkt", "bezlimitu"}
_KINDS = {
    LimitKind.CALLS: "call incidents incident tickets ticket cases case includedcalls anrufe",
    LimitKind.HOURS: "hour supporthours servicehours includedhours stunden heures horas",
    LimitKind.VISITS: "visit onsitevisits sitevisits includedvisits einsatze besuche visites visitas",
    LimitKind.CREDITS: "credit supportcredits servicecredits points tokens includedcredits",
    LimitKind.USAGE: "use useofacounter counter consumption metered verbrauch",
    LimitKind.NAMED: "namedseat named namedusers nameduser seats users",
    LimitKind.FLOATING: "floatingseat floating concurrent concurrentusers concurrentseats",
}
PERIODS = {
    LimitPeriod.MONTH: "monthly permonth monat monatlich mois mensuel mes mensual",
    LimitPeriod.QUARTER: "quarterly perquarter quartal vierteljahrlich trimestre trimestral",
    LimitPeriod.YEAR: "yearly annual annually peryear jahr jahrlich an annuel ano anual",
    LimitPeriod.TERM: "contractterm total perterm laufzeit",
}


def allowed(name: str, cell: str, hints: Hints) -> Any:
    """An amount, or `UNLIMITED`."""
    return UNLIMITED if heading_key(cell) in _UNLIMITED else cells.number(name, cell, hints)


def _complete(values: dict[str, Any]) -> None:
    amount = values["amount"] = None if values["amount"] is UNLIMITED else values["amount"]
    if amount is not None and not 0 < amount <= MOST:
        raise BadCell(f"the Amount must be above 0 and at most {MOST:,.0f}, or unlimited; remove a limit on the page of its contract")
    period = values.setdefault("period", LimitPeriod.YEAR)
    further = values.get("carried", False), values.get("counter", ""), values.get("pooled", False)
    if why := Limit(values["limit"], amount, period, *further).problem:
        raise BadCell(why)


KIND = DocumentKind(
    "limits",
    "what contract lines allow per period: calls, hours, credits, use of a counter, seats",
    (
        Field("contract", "Contract Number", names.CONTRACT, cells.ref),
        Field("number", "Line", names.LINE, cells.code(40)),
        Field(
            "limit",
            "Limit",
            "limitkind limittype allowancetype entitlementtype",
            one_of(_KINDS, "Calls, Hours, Visits, Credits, Usage, Named seats or Floating seats"),
        ),
        Field("amount", "Amount", "includedamount included allowance limitamount entitledquantity allowed", allowed, required=True),
        Field("period", "Period", "limitperiod per allowanceperiod", one_of(PERIODS, "Month, Quarter, Year or Term")),
        Field("carried", "Carried Over", "rollover carryover carriedforward rollsover", cells.yes_or_no),
        Field("counter", "Counter", "usagecounter meter metric usagetype", cells.text(80)),
        Field("pooled", "Pooled", "pool sharedpool pooledoveraccount", cells.yes_or_no),
    ),
    key=("contract", "number", "limit"),
    named_by=("contract", "number", "limit", "counter"),
    complete=_complete,
    nouns="limit allowance entitlement",
)
