"""Imports contract lines: serials, or quantities of a product at a site or account, within their contract."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from musterroll.domain.contracts import terms as rules
from musterroll.domain.contracts.terms import ContractState, LineScope
from musterroll.domain.units.kinds import UnitKind, has_key, possible_keys
from musterroll.domain.units.product_names import NamedProduct
from musterroll.domain.units.serials import name_key
from musterroll.domain.values.dates import Span
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.readers import contract_lines
from musterroll.readers.fields import DocumentRow
from musterroll.storage.contracts.lines_in_force import contract_terms
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.tables.accounts import Account, Site
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.contracts import Contract, ContractLine
from musterroll.storage.units import successors
from musterroll.storage.units.successors import SerialHolder
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.imports import currency_of_price, line_limits
from musterroll.usecases.imports.importer import AcceptedRow, Importer, KnownRecord, PlannedWrite, RecordFacts, Written
from musterroll.usecases.imports.lines_by_tag import UnitsByTag


class ContractLineImporter(Importer):
    kind = contract_lines.KIND
    model = ContractLine
    fact_of = {"model": "product_id"}
    facts = (
        *("scope", "site", "account", "serial", "serial_key", "product_id"),
        *("quantity", "starts_on", "ends_on", "price", "currency", "service", "limits"),
    )

    @classmethod
    def tables(cls) -> set[str]:
        return {"line"}

    def key(self, row: DocumentRow) -> Any:
        return row.values["contract"], row.values["number"]

    def look_up(self, rows: Sequence[DocumentRow]) -> None:
        refs = {row.values["contract"] for row in rows}
        self.references.look_up(Contract, refs)
        contracts = import_rows.rows_by(
            self.session, Contract, "id", {row_id for ref in refs if (row_id := self.references.id(Contract, ref))}
        )
        self._contracts = {contract["ref"]: contract for contract in contracts}
        accounts = {contract["account_id"] for contract in contracts}
        self.references.look_up_ids(Account, accounts)
        self._payers = {account["id"]: account for account in import_rows.rows_by(self.session, Account, "id", accounts - {None})}
        self.references.look_up(Site, {row.values.get("site") for row in rows})
        self.references.look_up(Account, {row.values.get("account") for row in rows} | {self._holder(ref) for ref in refs})
        named = [NamedProduct(row.values.get("maker", ""), row.values["model"]) for row in rows if "model" in row.values]
        models = {name_key(self.names.meaning(product).model) for product in named}
        self._products = import_rows.products_by_model(self.session, models)
        self._identify(rows)
        serials = {key for row in rows if (key := row.values.get("serial_key"))} if successors.any_units(self.session) else set()
        self._successors = successors.Successors(self.session, serials) if serials else None
        named_serials = {row.values["serial"]: row.values["serial_key"] for row in rows if row.values.get("serial_key")}
        self._tagged = UnitsByTag(self.session, named_serials.keys(), named_serials.values())
        lines = self.find(rows)
        self._look_up_places(lines.values())
        given = any("limits" in row.values for row in rows)
        self._limits = line_limits.known(self.session, {line["id"] for line in lines.values()}) if given else {}
        self._known = {key: KnownRecord(line["id"], self.facts_of(line)) for key, line in lines.items()}

    def _identify(self, rows: Sequence[DocumentRow]) -> None:
        """Give each row that names a unit the key of that unit's kind: of its product or, without one, of the unit that has the name."""
        written = {row.values["serial"] for row in rows if "serial_key" in row.values}
        known = import_rows.units_by_serial(self.session, {key for serial in written for key in possible_keys(serial)})
        kinds = import_rows.kinds_by_id(self.session, {row_id for products in self._products.values() for _, row_id in products})
        for row in rows:
            if "serial_key" not in row.values:
                continue
            product = self._named_products(row) if "model" in row.values else []
            kind = kinds[product[0]] if len(product) == 1 else UnitKind.DEVICE
            keys = possible_keys(row.values["serial"])
            if kind is not UnitKind.DEVICE:
                row.values["serial_key"] = keys[-1]
            elif not product:
                row.values["serial_key"] = next((key for key in keys if key in known), row.values["serial_key"])

    def _meant(self, row: DocumentRow) -> NamedProduct:
        return self.names.meaning(NamedProduct(row.values.get("maker", ""), row.values["model"]))

    def _named_products(self, row: DocumentRow) -> list[int]:
        """The products that a row may name."""
        meant = self._meant(row)
        maker = name_key(meant.maker)
        return [row_id for key, row_id in self._products.get(name_key(meant.model), ()) if maker in ("", key)]

    def _look_up_places(self, records: Iterable[Mapping[str, Any]]) -> None:
        places = [(record["scope"] in _AT_SITE, record["place_id"]) for record in records]
        self.references.look_up_ids(Site, {place for at_site, place in places if at_site})
        self.references.look_up_ids(Account, {place for at_site, place in places if not at_site})

    def _holder(self, ref: str) -> str | None:
        """The number of the account that holds a contract."""
        contract = self._contracts.get(ref)
        return self.references.ref(Account, contract["account_id"]) if contract else None

    def find(self, rows: Sequence[DocumentRow]) -> dict[Any, dict[str, Any]]:
        refs = {record["id"]: ref for ref, record in self._contracts.items()}
        ids = {ref: row_id for row_id, ref in refs.items()}
        numbers = {(ids[ref], number) for ref, number in map(self.key, rows) if ref in ids}
        lines = import_rows.contract_lines(self.session, numbers)
        return {(refs[line["contract_id"]], line["number"]): line for line in lines}

    def facts_of(self, record: Any) -> RecordFacts:
        at_site = record["scope"] in _AT_SITE
        site = self.references.ref(Site, record["place_id"]) if at_site else None
        account = None if at_site else self.references.ref(Account, record["place_id"])
        columns = {fact: record[fact] for fact in self.facts if fact not in _ELSEWHERE}
        return {"site": site, "account": account, **columns, "limits": line_limits.text(self._limits.get(record["id"], ()))}

    def values_of(self, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        self.references.look_up_ids(Contract, {record["contract_id"] for record in records})
        self._look_up_places(records)
        self._limits = line_limits.known(self.session, {record["id"] for record in records})
        products = import_rows.products_by_id(self.session, {record["product_id"] for record in records if record["product_id"]})
        return [
            {
                "contract": self.references.ref(Contract, record["contract_id"]),
                "number": record["number"],
                **self.facts_of(record),
                **products.get(record["product_id"], {}),
            }
            for record in records
        ]

    def new_facts(self, row: DocumentRow) -> RecordFacts:
        nothing: RecordFacts = dict.fromkeys(self.facts)
        return {**nothing, "serial": "", "serial_key": "", "quantity": 1, "currency": "", "service": "", "limits": ""}

    def accept(self, row: DocumentRow, known: KnownRecord | None) -> AcceptedRow:
        contract = self._contracts.get(row.values["contract"])
        if contract is None:
            raise NotFound(f"contract {row.values['contract']} is not registered; import the contracts first")
        after = super().accept(row, known).after
        if "limits" in row.values:
            after["limits"] = line_limits.after(self._limits.get(known.id, ()) if known else (), row.values["limits"])
        after["product_id"] = self._product(row, after)
        if after["scope"] in _AT_SITE:
            after["account"] = None
        else:
            after["site"], after["account"] = None, after["account"] or self._holder(row.values["contract"])
        if after["scope"] is not LineScope.SERIAL:
            after["serial"] = after["serial_key"] = ""
        note = ""
        if after["scope"] is LineScope.SERIAL:
            note = self._follow_tag(row, after) or self._inherit(row, after, known, contract)
        self._check_terms(row, after, contract)
        priced = currency_of_price.decide(row, after, contract, self._payers.get(contract["account_id"])) if "price" in row.values else ""
        return AcceptedRow(after, "; ".join(filter(None, (note, priced))))

    def _follow_tag(self, row: DocumentRow, after: RecordFacts) -> str:
        """A line that writes the asset tag of a unit for its serial covers that unit."""
        unit = self._tagged.unit(after["serial"], after["serial_key"], after["product_id"]) if "serial_key" in row.values else None
        if unit is None:
            return ""
        after["serial_key"], after["product_id"] = unit.key[2], unit.facts[-1] if after["product_id"] else None
        return f"covers {unit.serial}, which has the asset tag {after['serial']}"

    def _inherit(self, row: DocumentRow, after: RecordFacts, known: KnownRecord | None, contract: dict[str, Any]) -> str:
        """A line for a unit that was merged covers its successor; where the line has not ended, so does one for a replaced unit."""
        if self._successors is None or "serial_key" not in row.values:
            return ""
        own, product = after["serial_key"], after["product_id"]
        merged = self._successors.successor(own, product, of_replaced=False)
        successor = self._successors.successor(own, product, of_replaced=True)
        if successor != merged and (_kept_by_replaced(known, own, successor) or self._has_ended(after, contract)):
            successor = merged
        if successor is None:
            return ""
        after["serial_key"], after["product_id"] = successor.serial_key, successor.product_id
        return f"covers {successor.serial} in place of {after['serial']}"

    def _has_ended(self, after: RecordFacts, record: dict[str, Any]) -> bool:
        return rules.line_ended_on(_line("", after, record), contract_terms(Contract(**record)), self.source.now.date()) is not None

    def _product(self, row: DocumentRow, after: RecordFacts) -> int | None:
        if "model" not in row.values:
            return after["product_id"]  # type: ignore[no-any-return]
        products, model = self._named_products(row), self._meant(row).model
        if len(products) == 1 or after["scope"] is LineScope.SERIAL:
            return products[0] if len(products) == 1 else None
        if products:
            raise Conflict(f"several manufacturers have a product {model}; fill in the Manufacturer")
        raise NotFound(f"product {model} is not registered; import its units first")

    def _check_terms(self, row: DocumentRow, after: RecordFacts, record: dict[str, Any]) -> None:
        line = _line(f"{row.values['contract']}/{row.values['number']}", after, record)
        contract = rules.ContractTerms(0, record["ref"], None, ContractState.ACTIVE, Span(record["starts_on"], record["ends_on"] or None))
        if why := rules.line_problem(line, contract):
            raise Conflict(why)

    def missing(self, planned: PlannedWrite) -> Iterator[tuple[str, str]]:
        for model, name in ((Account, "account"), (Site, "site")):
            if self.references.is_missing(model, planned.after[name]):
                yield name, planned.after[name]

    def create_missing(self, writes: Sequence[PlannedWrite]) -> list[audit_record.Row]:
        """A missing site is created for the account that holds the contract."""
        accounts = self.references.create_accounts(planned.after["account"] for planned in writes)
        owners = {
            planned.after["site"]: self.references.id(Account, self._holder(planned.row.values["contract"]))
            for planned in writes
            if planned.after["site"]
        }
        return accounts + self.references.create_sites(owners)

    def column(self, fact: str, value: Any) -> tuple[str, Any]:
        place = {"site": Site, "account": Account}.get(fact)
        return ("place_id", self.references.id(place, value)) if place else (fact, value)

    def leave_out(self, row: DocumentRow, names: Collection[str], overruled: Mapping[str, Any]) -> None:
        super().leave_out(row, names, overruled)
        if "serial_key" in names or "product_id" in overruled:
            row.values.pop("model", None)  # the line stays with the unit it was moved to

    def columns(self, after: RecordFacts) -> dict[str, Any]:
        at_site = after["scope"] in _AT_SITE
        place = self.references.id(Site, after["site"]) if at_site else self.references.id(Account, after["account"])
        return {"place_id": place, **{fact: value for fact, value in after.items() if fact not in _ELSEWHERE}}

    def write(self, writes: Sequence[PlannedWrite], change: AuditChange) -> Written:
        """Limits are rows of their own, written after their lines."""
        written = super().write(writes, change)
        lines = [
            (line_id, self._contracts[planned.row.values["contract"]]["id"], planned.after["limits"])
            for line_id, planned in zip(written.ids, writes, strict=True)
            if _limits_changed(planned)
        ]
        if lines:
            audit_record.record(self.session, change, line_limits.store(self.session, lines))
        return written

    def new_columns(self, planned: PlannedWrite, row_id: int) -> dict[str, Any]:
        contract, number = self.key(planned.row)
        return {"id": row_id, "contract_id": self._contracts[contract]["id"], "number": number}


def _limits_changed(planned: PlannedWrite) -> bool:
    return bool(planned.after["limits"] != (planned.before or {}).get("limits", ""))


def _line(ref: str, after: RecordFacts, record: dict[str, Any]) -> rules.LineTerms:
    """A line as a value for the rules; which site or account it is for does not matter here."""
    span = Span(after["starts_on"] or record["starts_on"], after["ends_on"]) if after["starts_on"] or after["ends_on"] else None
    place = 1 if after["site"] or after["account"] else None
    return rules.LineTerms(0, ref, 0, after["scope"], place, after["serial_key"], after["product_id"], after["quantity"], span)


def _kept_by_replaced(known: KnownRecord | None, own: str, successor: SerialHolder | None) -> bool:
    """Whether a line named this serial before its unit was replaced, and was not moved to the replacement."""
    written = known.facts["serial"] if known else ""
    return bool(known and written and has_key(written, own) and successor and known.facts["serial_key"] != successor.serial_key)


_ELSEWHERE = ("site", "account", "limits")  # facts that are no columns of a line
_AT_SITE = (LineScope.SERIAL, LineScope.SITE)
