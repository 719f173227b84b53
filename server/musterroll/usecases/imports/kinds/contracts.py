"""Imports contract lists."""

from collections.abc import Sequence
from typing import Any

from musterroll.domain.contracts import terms as rules
from musterroll.domain.contracts.terms import ContractState
from musterroll.domain.values.dates import Span
from musterroll.domain.values.errors import Conflict
from musterroll.readers import contracts
from musterroll.readers.fields import DocumentRow
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.contracts import Contract, ContractLine
from musterroll.usecases.imports.importer import AcceptedRow, Importer, KnownRecord


class ContractImporter(Importer):
    kind = contracts.KIND
    model = Contract
    facts = contracts.KIND.attributes(without=("terminated_on", "term_months"))
    links = {"account": Account}

    def look_up(self, rows: Sequence[DocumentRow]) -> None:
        super().look_up(rows)
        self._lines: dict[int, list[ContractLine]] = {}
        for line in import_rows.dated_lines(self.session, [known.id for known in self._known.values()]):
            self._lines.setdefault(line.contract_id, []).append(line)

        accounts = import_rows.rows_by(self.session, Account, "ref", {row.values["account"] for row in rows if "account" in row.values})
        self._currencies = {account["ref"]: account["currency"] for account in accounts}

    def new_facts(self, row: DocumentRow) -> dict[str, Any]:
        """A contract that names no currency is in that of its account, where that is known."""
        currency = self._currencies.get(row.values.get("account"), "")
        return {**super().new_facts(row), "state": ContractState.ACTIVE, "starts_on": None, "currency": currency}

    def accept(self, row: DocumentRow, known: KnownRecord | None) -> AcceptedRow:
        after, note = super().accept(row, known).after, ""
        if after["ends_on"] is not None and after["ends_on"] <= after["starts_on"]:
            raise Conflict(f"the {self.label('ends_on')} would be before the {self.label('starts_on')}: give both")
        if row.values.get("state") is ContractState.EXPIRED and self._expired_early(after, known):
            after["state"], note = ContractState.CANCELLED, "expired before its End Date: taken as cancelled"
        self._check_lines(row.values["ref"], after, known)
        return AcceptedRow(after, note)

    def end(self, row: DocumentRow, known: KnownRecord) -> None:
        super().end(row, known)
        row.values["state"] = ContractState.CANCELLED

    def _expired_early(self, after: dict[str, Any], known: KnownRecord | None) -> bool:
        """Whether a contract called expired has not reached its end yet. Once imported as cancelled it stays so."""
        if known is not None and known.facts["state"] is ContractState.CANCELLED:
            return True
        return after["ends_on"] is None or bool(after["ends_on"] > self.source.now.date())

    def _check_lines(self, ref: str, after: dict[str, Any], known: KnownRecord | None) -> None:
        span = Span(after["starts_on"], after["ends_on"])
        for line in self._lines.get(known.id, ()) if known else ():
            contract = rules.ContractTerms(0, ref, None, ContractState.ACTIVE, span)
            own = Span(line.starts_on or span.starts_on, line.ends_on)
            if why := rules.line_problem(
                rules.LineTerms(0, f"{ref}/{line.number}", 0, rules.LineScope.SERIAL, serial_key="X", span=own), contract
            ):
                raise Conflict(f"its dates would exclude a contract line: {why}")
