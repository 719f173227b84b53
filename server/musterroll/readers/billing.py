"""Billing lists: one row is the payment state of one contract."""

from musterroll.readers import cells
from musterroll.readers.fields import DocumentKind, Field
from musterroll.readers.statuses import PAYMENTS, one_of

KIND = DocumentKind(
    "billing",
    "paid and overdue contracts",
    (
        Field(
            "contract",
            "Contract Number",
            "contractnumber contractno contractref contractid agreementnumber agreementno agreementid contract",
            cells.ref,
        ),
        Field(
            "payment",
            "Payment State",
            "paymentstate paymentstatus invoicestatus invoicestate billingstatus",
            one_of(PAYMENTS, "Paid, Overdue, Void or Open"),
            required=True,
        ),
        Field("invoiced_on", "Last Invoice Date", "lastinvoicedate invoicedate lastinvoiced invoicedon lastbillingdate", cells.day),
        Field("subscription", "Subscription Status", "subscriptionstatus subscriptionstate subscription", cells.text(80)),
    ),
    key=("contract",),
)
