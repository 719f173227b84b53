"""Imports invoices, each of a registered account."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from musterroll.domain.contracts.invoices import USUAL_DAYS
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.readers import invoices
from musterroll.readers.fields import DocumentRow
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.contracts import Contract
from musterroll.storage.tables.invoices import IssuedInvoice
from musterroll.usecases.imports.importer import AcceptedRow, Importer, KnownRecord, PlannedWrite, RecordFacts


class InvoiceImporter(Importer):
    kind = invoices.KIND
    model = IssuedInvoice
    facts = invoices.KIND.attributes(without=("document",))
    links = {"account": Account, "contract": Contract}
    creates = ()  # an invoice does not make a customer

    def look_up(self, rows: Sequence[DocumentRow]) -> None:
        super().look_up(rows)
        contracts = import_rows.rows_by(self.session, Contract, "ref", {row.values["contract"] for row in rows if "contract" in row.values})
        self.references.look_up_ids(Account, {contract["account_id"] for contract in contracts})
        self._payers = {contract["ref"]: self.references.ref(Account, contract["account_id"]) for contract in contracts}
        named = {row.values.get("account") for row in rows} | set(self._payers.values())
        accounts = import_rows.rows_by(self.session, Account, "ref", {ref for ref in named if ref})
        self._currencies = {account["ref"]: account["currency"] for account in accounts}

    def new_facts(self, row: DocumentRow) -> RecordFacts:
        return {**super().new_facts(row), "issued_on": None, "due_on": None, "amount": None, "currency": ""}

    def accept(self, row: DocumentRow, known: KnownRecord | None) -> AcceptedRow:
        """An invoice without an account is that of its contract's; one without a due date is due as is usual."""
        after, notes = super().accept(row, known).after, []
        for fact, model in self.links.items():
            if self.references.is_missing(model, after[fact]):
                raise NotFound(f"{fact} {after[fact]} is not registered; import the {fact}s first")
        after["account"] = after["account"] or self._payers.get(after["contract"])
        if after["account"] is None:
            raise Conflict(f"give the {self.label('account')} of the invoice, or the {self.label('contract')} of a contract that has one")
        if after["due_on"] is None:
            after["due_on"] = after["issued_on"] + timedelta(USUAL_DAYS)
            notes.append(f"no {self.label('due_on')}: taken as due {USUAL_DAYS} days after the {self.label('issued_on')}")
        after["currency"] = row.values.get("currency") or after["currency"] or self._currency(row, after["account"])
        return AcceptedRow(after, "; ".join(notes))

    def _currency(self, row: DocumentRow, account: str) -> str:
        signs, usual = row.values.get("signs", ()), str(self._currencies.get(account, ""))
        if not usual or (signs and usual not in signs):
            raise Conflict("the amount has no currency; add a column Currency, or choose one for the file (--currency EUR)")
        return usual

    def new_columns(self, planned: PlannedWrite, row_id: int) -> dict[str, Any]:
        return {"id": row_id, "ref": planned.row.values["ref"]}

    def store(self, writes: Sequence[PlannedWrite], change: AuditChange) -> list[int]:
        return self.write(writes, change).ids  # reconciliation does not read invoices
