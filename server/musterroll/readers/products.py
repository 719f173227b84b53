"""Product lists: one row is one model of a maker, with what is set for it."""

from typing import Any

from musterroll.domain.liveness import LEAST_INTERVAL, MOST_INTERVAL, ReportingClass
from musterroll.domain.units.serials import name_key
from musterroll.readers import cells
from musterroll.readers import heading_names as names
from musterroll.readers.cells.money import CURRENCY_HEADINGS, settle
from musterroll.readers.fields import DocumentKind, Field
from musterroll.readers.kinds import LICENCE_RULE, UNIT_KIND
from musterroll.readers.statuses import one_of

_CLASSES = {
    ReportingClass.ALWAYS_ON: "mains powered continuous",
    ReportingClass.SLEEPY: "battery batterypowered",
    ReportingClass.SCHEDULED: "nightly daily",
    ReportingClass.DAYLIGHT: "solar",
}


def _complete(values: dict[str, Any]) -> None:
    settle(values, "list_price")
    values["maker_key"], values["model_key"] = name_key(values["maker"]), name_key(values["model"])
    values["shown"] = f"{values['maker']} {values['model']}"


KIND = DocumentKind(
    "products",
    "models with warranty policy, list price and how they report",
    (
        Field("maker", "Manufacturer", names.MAKER, cells.text(200), required=True),
        Field("model", "Model", names.MODEL, cells.text(200), required=True),
        Field("policy", "Warranty Policy", "warrantypolicy policy policyname", cells.text(120)),
        Field("list_price", "List Price Per Year", "listpriceperyear listprice priceperyear price", cells.amount),
        Field("currency", "Currency", CURRENCY_HEADINGS, cells.currency),
        Field("reporting", "Reporting Class", "reportingclass reporting", one_of(_CLASSES, "Always on, Sleepy, Scheduled or Daylight")),
        Field("interval", "Interval Seconds", "intervalseconds reportinginterval interval", cells.seconds(LEAST_INTERVAL, MOST_INTERVAL)),
        Field("kind", "Unit Kind", "unitkind kindofunit productkind kind", UNIT_KIND),
        Field("licence_rule", "Licence Rule", "licencerule licenserule countedby licensemetric licencemetric metric", LICENCE_RULE),
    ),
    key=("maker_key", "model_key"),
    shown=("shown",),
    named_by=("maker", "model"),
    complete=_complete,
)
