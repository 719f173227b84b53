"""Billing lists: one row is the payment state of one contract."""

from musterroll.readers import cells
from musterroll.readers import heading_names as names
from musterroll.readers.fields import DocumentKind, Field
from musterroll.readers.statuses import PAYMENTS, one_of

KIND = DocumentKind(
    "billing",
    "paid and overdue contracts",
    (
        Field(
            "contract",
            "Contract Number",
            names.CONTRACT,
            cells.ref,
        ),
        Field(
            "payment",
            "Payment State",
            names.PAYMENT,
            one_of(PAYMENTS, "Paid, Overdue, Void or Open"),
            required=True,
        ),
        Field("invoiced_on", "Last Invoice Date", names.INVOICED, cells.day),
        Field("subscription", "Subscription Status", "subscriptionstatus subscriptionstate", cells.text(80)),
    ),
    key=("contract",),
    nouns="invoice payment",
)
