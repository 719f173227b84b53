"""Contract lists: terms and states."""

from collections.abc import Sequence
from typing import Any

from musterroll.domain.contracts import terms as rules
from musterroll.domain.contracts.terms import ContractState
from musterroll.domain.values.dates import Span
from musterroll.domain.values.errors import Conflict
from musterroll.readers import contracts
from musterroll.readers.fields import Row
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.contracts import Contract, ContractLine
from musterroll.usecases.imports.importer import Judged, Known, Taker


class Contracts(Taker):
    kind = contracts.KIND
    model = Contract
    facts = contracts.KIND.attributes()
    links = {"account": Account}

    def learn(self, rows: Sequence[Row]) -> None:
        super().learn(rows)
        self._lines: dict[int, list[ContractLine]] = {}
        for line in import_rows.dated_lines(self.session, [known.id for known in self._known.values()]):
            self._lines.setdefault(line.contract_id, []).append(line)

    def blank(self, row: Row) -> dict[str, Any]:
        return {**super().blank(row), "state": ContractState.DRAFT, "starts_on": None}

    def judge(self, row: Row, known: Known | None) -> Judged:
        after, note = super().judge(row, known).after, ""
        if after["ends_on"] is not None and after["ends_on"] <= after["starts_on"]:
            raise Conflict("the End Date would be before the Start Date")
        if row.said["state"] is ContractState.EXPIRED and self._ends_before_its_end(after, known):
            after["state"], note = ContractState.CANCELLED, "expired before its End Date: taken as cancelled"
        self._refuse_misfits(row.said["ref"], after, known)
        return Judged(after, note)

    def _ends_before_its_end(self, after: dict[str, Any], known: Known | None) -> bool:
        """A contract that is called expired while its end is still to come; once taken as cancelled it stays so."""
        if known is not None and known.facts["state"] is ContractState.CANCELLED:
            return True
        return after["ends_on"] is None or bool(after["ends_on"] > self.source.now.date())

    def _refuse_misfits(self, ref: str, after: dict[str, Any], known: Known | None) -> None:
        span = Span(after["starts_on"], after["ends_on"])
        for line in self._lines.get(known.id, ()) if known else ():
            contract = rules.ContractTerms(0, ref, None, ContractState.ACTIVE, span)
            own = Span(line.starts_on or span.starts_on, line.ends_on)
            if why := rules.line_problem(
                rules.LineTerms(0, f"{ref}/{line.number}", 0, rules.LineScope.SERIAL, serial_key="X", span=own), contract
            ):
                raise Conflict(f"its dates would exclude a contract line: {why}")
