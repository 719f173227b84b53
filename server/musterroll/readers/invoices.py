"""Invoice lists from billing or accounting: one row is one invoice, with its amount and the days it is due and was paid."""

from enum import StrEnum
from typing import Any

from musterroll.readers import cells
from musterroll.readers import heading_names as names
from musterroll.readers.cells import BadCell
from musterroll.readers.cells.money import CURRENCY_HEADINGS, settle
from musterroll.readers.fields import DocumentKind, Field, WrongOrder
from musterroll.readers.statuses import PAYMENTS, one_of

_NUMBER = (
    "invoicenumber invoiceno invoicenr invoiceid invoice invoiceref invoicereference documentnumber number id rechnungsnummer rechnungsnr "
    "rechnung numerodefacture numerofacture facture numerodefactura numerofactura factura numerofattura factuurnummer numerfaktury"
)
_DUE = "duedate dueon due paymentduedate payby falligkeit falligam falligkeitsdatum datedecheance echeance fechadevencimiento vencimiento "
_DUE += "datavencimento datascadenza scadenza vervaldatum terminplatnosci"
_AMOUNT = (
    "amount total invoiceamount invoicetotal totalamount grandtotal grossamount amounttotal betrag rechnungsbetrag gesamtbetrag montant "
)
_AMOUNT += "montanttotal importe importetotal valor valortotal importo importototale bedrag kwota"
_BALANCE = "balance balancedue amountdue openamount outstanding outstandingamount remaining openbalance amountremaining offenerbetrag "
_BALANCE += "offen restbetrag soldedu saldo saldopendiente openstaand"
_PAID = "paiddate datepaid paidon paidat paymentdate settledon bezahltam zahlungsdatum datedepaiement fechadepago datapagamento betaaldatum"


class InvoiceType(StrEnum):
    INVOICE = "invoice"
    CREDIT_NOTE = "credit note"


_TYPES = {
    InvoiceType.INVOICE: "inv bill standard standardinvoice rechnung facture factura fatura fattura factuur faktura accrec",
    InvoiceType.CREDIT_NOTE: (
        "creditnote creditmemo credit refund creditinvoice gutschrift rechnungskorrektur avoir notedecredit notadecredito "
        "notadicredito creditnota creditfactuur fakturakorygujaca accreccredit"
    ),
}


def _complete(values: dict[str, Any]) -> None:
    """A credit note has an amount below zero, and so is what of it is not used yet, however the document writes it."""
    settle(values, "amount")
    if values.pop("document", InvoiceType.INVOICE) is InvoiceType.CREDIT_NOTE:
        values["amount"] = -abs(values["amount"])
    if "balance" in values:
        balance = values["balance"].value
        values["balance"] = -abs(balance) if values["amount"] < 0 else balance
        if values["amount"] >= 0 and balance < 0:
            raise BadCell("the balance is below zero, the amount is not; a credit note has an amount below zero")
    if values.get("due_on", values["issued_on"]) < values["issued_on"]:
        raise WrongOrder("due_on", "issued_on")


KIND = DocumentKind(
    "invoices",
    "invoices with amount, due date and payment",
    (
        Field("ref", "Invoice Number", _NUMBER, cells.ref),
        Field("account", "Account ID", names.ACCOUNT, cells.ref),
        Field("contract", "Contract Number", names.CONTRACT, cells.ref),
        Field("issued_on", "Invoice Date", names.INVOICED, cells.day, required=True),
        Field("due_on", "Due Date", _DUE, cells.day),
        Field("amount", "Amount", _AMOUNT, cells.signed, required=True),
        Field("balance", "Balance Due", _BALANCE, cells.signed),
        Field("currency", "Currency", CURRENCY_HEADINGS, cells.currency),
        Field("payment", "Payment State", names.PAYMENT, one_of(PAYMENTS, "Paid, Overdue, Void or Open")),
        Field("paid_on", "Paid Date", _PAID, cells.day),
        Field(
            "document",
            "Document Type",
            "documenttype invoicetype belegart typedocument tipodocumento",
            one_of(_TYPES, "Invoice or Credit note"),
        ),
    ),
    key=("ref",),
    complete=_complete,
    nouns="invoice bill",
)
