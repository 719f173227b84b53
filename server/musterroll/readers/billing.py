"""Billing lists: one row is the payment state of one contract."""

from musterroll.domain.contracts.terms import Payment
from musterroll.readers import cells
from musterroll.readers.fields import DocumentKind, Field

_PAYMENTS = {
    Payment.PAID: "paid settled current complete completed succeeded closed",
    Payment.OVERDUE: "overdue pastdue unpaid late delinquent uncollectible dunning failed",
    Payment.VOID: "void voided cancelled canceled refunded credited writtenoff",
    Payment.UNKNOWN: "unknown open due pending sent draft outstanding processing notdue invoiced",
}

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
            cells.one_of(_PAYMENTS, "Paid, Overdue, Void or Open"),
            required=True,
        ),
        Field("invoiced_on", "Last Invoice Date", "lastinvoicedate invoicedate lastinvoiced invoicedon lastbillingdate", cells.day),
        Field("subscription", "Subscription Status", "subscriptionstatus subscriptionstate subscription", cells.text(80)),
    ),
    key=("contract",),
)
