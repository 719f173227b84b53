"""Contract lists from a CRM or CPQ system: one row is one contract and its first term."""

from typing import Any

from musterroll.domain.values.dates import end_after
from musterroll.readers import cells
from musterroll.readers import heading_names as names
from musterroll.readers.cells import Duration
from musterroll.readers.cells.money import CURRENCY_HEADINGS
from musterroll.readers.fields import DocumentKind, Field, WrongOrder
from musterroll.readers.statuses import CONTRACTS, one_of

_REASON = (
    "cancellationreason cancelreason cancelationreason reasonforcancellation terminationreason reasonfortermination churnreason lostreason "
    "lossreason endreason kundigungsgrund motifderesiliation motifresiliation motivodecancelacion motivodocancelamento motivodisdetta "
    "opzegreden powodrezygnacji"
)


def _complete(values: dict[str, Any]) -> None:
    """Adds what follows from a term in months, a period of notice in months, and the last day of a terminated contract."""
    starts_on, months = values.get("starts_on"), values.pop("term_months", None)
    if starts_on and months and "ends_on" not in values:
        values["ends_on"] = end_after(starts_on, months)
    ends_on = values.get("ends_on")
    if starts_on and ends_on and ends_on <= starts_on:
        raise WrongOrder("ends_on", "starts_on")
    if isinstance(notice := values.get("notice_days"), Duration):
        values["notice_days"] = notice.days_before(ends_on)
    if (ended_on := values.pop("terminated_on", None)) is not None:
        values.setdefault("ended_on", ended_on)


KIND = DocumentKind(
    "contracts",
    "terms, renewal and status",
    (
        Field("ref", "Contract Number", names.CONTRACT_KEY, cells.ref),
        Field("account", "Account ID", names.ACCOUNT, cells.ref),
        Field("state", "Status", names.CONTRACT_STATE, one_of(CONTRACTS, "Draft, Active, Expired or Cancelled"), required=True),
        Field(
            "starts_on",
            "Start Date",
            names.START,
            cells.day,
            required=True,
        ),
        Field("ends_on", "End Date", names.END, cells.last_day),
        Field("auto_renew", "Auto Renew", names.AUTO_RENEW, cells.yes_or_no),
        Field("renewal_months", "Renewal Months", "renewalmonths renewalterm renewaltermmonths renewalperiodmonths", cells.months),
        Field(
            "notice_days",
            "Notice Days",
            names.NOTICE,
            cells.notice,
        ),
        Field("notice_on", "Notice Date", "noticedate noticegivenon noticegiven noticereceived", cells.day),
        Field("ended_on", "Cancelled From", "cancelledfrom canceledfrom cancellationdate cancelledon canceledon", cells.day),
        Field(
            "terminated_on", "Termination Date", "terminationdate terminatedon dateterminated lastcoveredday lastdayofcover", cells.last_day
        ),
        Field("ended_reason", "Cancellation Reason", _REASON, cells.text(120)),
        Field(
            "term_months",
            "Term",
            "contractterm termmonths terminmonths contracttermmonths contractlength contractduration contractmonths initialterm term",
            cells.months,
        ),
        Field("currency", "Currency", CURRENCY_HEADINGS, cells.currency),
        Field("renews", "Renewal Of", names.RENEWS, cells.ref),
    ),
    key=("ref",),
    complete=_complete,
    ends="ended_on",
    assumed={"state": "contracts are taken to be in force from their Start Date to their End Date"},
    nouns="contract agreement subscription deal record",
)
