"""Rows whose serial is registered under another maker or model: the name is proposed, and no second unit is made in silence."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from musterroll.domain.units.product_names import NamedProduct, NameState, proposed_name
from musterroll.domain.values.errors import Conflict
from musterroll.readers.fields import DocumentRow
from musterroll.storage.imports import product_names, rows
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.product_names import ProductName
from musterroll.usecases.audit import record as audit_record

if TYPE_CHECKING:
    from musterroll.usecases.imports.importer import Importer, KnownRecord


class NameQuestions:
    """The names that one document raises. Made for one file."""

    def __init__(self, importer: "Importer") -> None:
        self._importer = importer
        self._registered: dict[str, list[NamedProduct]] = {}  # by serial key, of rows that name no registered unit
        self._earlier: dict[int, tuple[int, NamedProduct]] = {}  # line and product of rows with a new unit, by hash of the serial key
        self._written: dict[tuple[str, str], NamedProduct] = {}  # each product once
        self._proposed: dict[tuple[str, str], dict[str, Any]] = {}

    def look_up(self, serial_keys: Collection[str], units: Mapping[tuple[str, str, str], "KnownRecord"]) -> None:
        """`units` are those with the serials of a batch, by maker, family and serial key."""
        holders = [(key[2], unit.facts["product_id"]) for key, unit in units.items() if key[2] in serial_keys]
        products = rows.products_by_id(self._importer.session, {product for _, product in holders})
        self._registered = {}
        for serial_key, product in holders:
            self._registered.setdefault(serial_key, []).append(NamedProduct(**products[product]))

    def check(self, row: DocumentRow) -> None:
        """Raises Conflict where a unit with this serial is registered under a name that may mean the same product."""
        for registered in self._registered.get(row.values["serial_key"], ()):
            self.ask(row, registered, f"serial {row.values['serial']}", row.values["serial_key"])
        earlier = self._earlier.get(hash(row.values["serial_key"]))
        if earlier and earlier[0] != row.line:
            line, product = earlier
            self.ask(row, product, f"serial {row.values['serial']}", row.values["serial_key"], f"on line {line} as")

    def remember(self, row: DocumentRow) -> None:
        """Remember the new unit of a row that is accepted, for later rows with its serial."""
        names = row.values["maker"], row.values["model"]
        product = self._written.get(names) or self._written.setdefault(names, NamedProduct(*names))
        self._earlier.setdefault(hash(row.values["serial_key"]), (row.line, product))

    def forget(self) -> None:
        """Forget the rows that are stored, which `look_up` finds from now on, or that are tried again."""
        self._earlier.clear()

    def ask(self, row: DocumentRow, registered: NamedProduct, subject: str, key: str, where: str = "already registered as") -> None:
        """Raises Conflict where the product of a row may be the one that this serial or asset tag, with this key, is known as."""
        written = NamedProduct(row.values["maker"], row.values["model"])
        question = proposed_name(written, registered, key)
        if question and not self._importer.names.are_other(written):
            already = f"{subject} is {where} {registered.maker} {registered.model}"
            self._propose(*question, already.replace("already ", ""))
            decide = "confirm that under Products, Other names, and import again"
            raise Conflict(f"{already}; if {_shown(question[0])!r} is another name for it, {decide}", "other_name")

    def _propose(self, written: NamedProduct, registered: NamedProduct, why: str) -> None:
        maker_key, model_key = written.keys
        columns = {"maker": written.maker, "model": written.model, "maker_key": maker_key, "model_key": model_key}
        meant = {"of_maker": registered.maker, "of_model": registered.model}
        evidence = f"{self._importer.source.file}: {why}"[:300]
        self._proposed.setdefault((maker_key, model_key), {**columns, **meant, "state": NameState.PROPOSED, "evidence": evidence})

    def store(self, change: AuditChange) -> None:
        """Store the names that nobody has been asked about yet."""
        session = self._importer.session
        known = {(name["maker_key"], name["model_key"]) for name in product_names.by_keys(session, set(self._proposed))}
        new = [columns for key, columns in self._proposed.items() if key not in known]
        ids = rows.reserve_ids(session, ProductName, len(new))
        numbered = [{"id": row_id, **columns} for row_id, columns in zip(ids, new, strict=True)]
        rows.insert_rows(session, ProductName, numbered)
        audit_record.record(session, change, [audit_record.Row("product_name", name["id"], None, name) for name in numbered])


def _shown(name: NamedProduct) -> str:
    return name.model or name.maker
