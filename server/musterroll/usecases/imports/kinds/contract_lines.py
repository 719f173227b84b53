"""Contract lines: serials, or quantities of a product at a place, within their contract."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from musterroll.domain.contracts import terms as rules
from musterroll.domain.contracts.terms import ContractState, LineScope
from musterroll.domain.units.serials import name_key, serial_key
from musterroll.domain.values.dates import Span
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.readers import contract_lines
from musterroll.readers.fields import Row
from musterroll.storage.contracts.lines_in_force import contract_terms
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.tables.accounts import Account, Site
from musterroll.storage.tables.contracts import Contract, ContractLine
from musterroll.storage.units import successors
from musterroll.storage.units.successors import SerialHolder
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.imports.importer import Facts, Judged, Known, Plan, Taker


class ContractLines(Taker):
    kind = contract_lines.KIND
    model = ContractLine
    facts = (
        *("scope", "site", "account", "serial", "serial_key", "product_id"),
        *("quantity", "starts_on", "ends_on", "price", "service"),
    )

    @classmethod
    def tables(cls) -> set[str]:
        return {"line"}

    def key(self, row: Row) -> Any:
        return row.said["contract"], row.said["number"]

    def learn(self, rows: Sequence[Row]) -> None:
        said = [row.said for row in rows]
        self.numbers.learn(Contract, {one["contract"] for one in said})
        ids = {ref: self.numbers.id(Contract, ref) for ref in {one["contract"] for one in said}}
        records = import_rows.rows_by(self.session, Contract, "id", {one for one in ids.values() if one})
        self._contracts = {record["ref"]: record for record in records}
        self.numbers.learn_rows(Account, {record["account_id"] for record in records})
        self.numbers.learn(Site, {one.get("site") for one in said})
        self.numbers.learn(Account, {one.get("account") for one in said} | {self._holder(ref) for ref in ids})
        self._models = import_rows.models(self.session, {name_key(one["model"]) for one in said if "model" in one})
        named = {one["serial_key"] for one in said if one.get("serial_key")} if successors.any_units(self.session) else set()
        self._successors = successors.Successors(self.session, named) if named else None
        found = self.find(rows)
        self.numbers.learn_rows(Site, {one["place_id"] for one in found.values() if one["scope"] in _AT_SITE})
        self.numbers.learn_rows(Account, {one["place_id"] for one in found.values() if one["scope"] not in _AT_SITE})
        self._known = {key: Known(record["id"], self.facts_of(record)) for key, record in found.items()}

    def _holder(self, ref: str) -> str | None:
        """The number of the account that holds a contract."""
        contract = self._contracts.get(ref)
        return self.numbers.ref(Account, contract["account_id"]) if contract else None

    def find(self, rows: Sequence[Row]) -> dict[Any, dict[str, Any]]:
        refs = {record["id"]: ref for ref, record in self._contracts.items()}
        ids = {ref: row_id for row_id, ref in refs.items()}
        wanted = {(ids[ref], number) for ref, number in map(self.key, rows) if ref in ids}
        found = import_rows.lines(self.session, wanted)
        return {(refs[record["contract_id"]], record["number"]): record for record in found}

    def facts_of(self, record: Any) -> Facts:
        at_site = record["scope"] in _AT_SITE
        site = self.numbers.ref(Site, record["place_id"]) if at_site else None
        account = None if at_site else self.numbers.ref(Account, record["place_id"])
        return {"site": site, "account": account, **{fact: record[fact] for fact in self.facts if fact not in ("site", "account")}}

    def blank(self, row: Row) -> Facts:
        nothing: Facts = dict.fromkeys(self.facts)
        return {**nothing, "serial": "", "serial_key": "", "quantity": 1, "service": ""}

    def judge(self, row: Row, known: Known | None) -> Judged:
        contract = self._contracts.get(row.said["contract"])
        if contract is None:
            raise NotFound(f"contract {row.said['contract']} is not registered; import the contracts first")
        after = super().judge(row, known).after
        after["product_id"] = self._product(row, after)
        if after["scope"] in _AT_SITE:
            after["account"] = None
        else:
            after["site"], after["account"] = None, after["account"] or self._holder(row.said["contract"])
        if after["scope"] is not LineScope.SERIAL:
            after["serial"] = after["serial_key"] = ""
        note = self._inherit(row, after, known, contract) if after["scope"] is LineScope.SERIAL else ""
        self._refuse_misfit(row, after, contract)
        return Judged(after, note)

    def _inherit(self, row: Row, after: Facts, known: Known | None, contract: dict[str, Any]) -> str:
        """A line that names a unit which was merged or, where the line is not over, replaced covers the one in its place."""
        if self._successors is None or "serial_key" not in row.said:
            return ""
        own, product = after["serial_key"], after["product_id"]
        merged = self._successors.successor(own, product, of_replaced=False)
        successor = self._successors.successor(own, product, of_replaced=True)
        if successor != merged and (_left_with_the_old(known, own, successor) or self._over(after, contract)):
            successor = merged
        if successor is None:
            return ""
        after["serial_key"], after["product_id"] = successor.serial_key, successor.product_id
        return f"covers {successor.serial} in place of {after['serial']}"

    def _over(self, after: Facts, record: dict[str, Any]) -> bool:
        return rules.line_ended_on(_line("", after, record), contract_terms(Contract(**record)), self.source.now.date()) is not None

    def _product(self, row: Row, after: Facts) -> int | None:
        if "model" not in row.said:
            return after["product_id"]  # type: ignore[no-any-return]
        model, maker = row.said["model"], name_key(row.said.get("maker", ""))
        found = [row_id for key, row_id in self._models.get(name_key(model), ()) if maker in ("", key)]
        if len(found) == 1 or after["scope"] is LineScope.SERIAL:
            return found[0] if len(found) == 1 else None
        if found:
            raise Conflict(f"several manufacturers have a product {model}; fill in the Manufacturer")
        raise NotFound(f"product {model} is not registered; import its units first")

    def _refuse_misfit(self, row: Row, after: Facts, record: dict[str, Any]) -> None:
        line = _line(f"{row.said['contract']}/{row.said['number']}", after, record)
        contract = rules.ContractTerms(0, record["ref"], None, ContractState.ACTIVE, Span(record["starts_on"], record["ends_on"] or None))
        if why := rules.line_problem(line, contract):
            raise Conflict(why)

    def open(self, plans: Sequence[Plan]) -> list[audit_record.Row]:
        """A site the roll does not have is opened for the account that holds the contract."""
        opened = self.numbers.open_accounts(plan.after["account"] for plan in plans)
        owners = {
            plan.after["site"]: self.numbers.id(Account, self._holder(plan.row.said["contract"])) for plan in plans if plan.after["site"]
        }
        return opened + self.numbers.open_sites(owners)

    def column(self, fact: str, value: Any) -> tuple[str, Any]:
        place = {"site": Site, "account": Account}.get(fact)
        return ("place_id", self.numbers.id(place, value)) if place else (fact, value)

    def leave_out(self, row: Row, names: Collection[str], words: Mapping[str, Any]) -> None:
        super().leave_out(row, names, words)
        if "serial_key" in names or "product_id" in words:
            row.said.pop("model", None)  # the line goes with the unit it was given to

    def columns(self, after: Facts) -> dict[str, Any]:
        at_site = after["scope"] in _AT_SITE
        place = self.numbers.id(Site, after["site"]) if at_site else self.numbers.id(Account, after["account"])
        return {"place_id": place, **{fact: value for fact, value in after.items() if fact not in ("site", "account")}}

    def fresh(self, plan: Plan, row_id: int) -> dict[str, Any]:
        contract, number = self.key(plan.row)
        return {"id": row_id, "contract_id": self._contracts[contract]["id"], "number": number}


def _line(ref: str, after: Facts, record: dict[str, Any]) -> rules.LineTerms:
    """A line as the rules take it; which place it is for does not matter to them here."""
    span = Span(after["starts_on"] or record["starts_on"], after["ends_on"]) if after["starts_on"] or after["ends_on"] else None
    place = 1 if after["site"] or after["account"] else None
    return rules.LineTerms(0, ref, 0, after["scope"], place, after["serial_key"], after["product_id"], after["quantity"], span)


def _left_with_the_old(known: Known | None, own: str, successor: SerialHolder | None) -> bool:
    """Whether a line that writes a serial already did so when its unit was replaced, and was not taken over."""
    written = known.facts["serial"] if known else ""
    return bool(known and written and serial_key(written) == own and successor and known.facts["serial_key"] != successor.serial_key)


_AT_SITE = (LineScope.SERIAL, LineScope.SITE)
