"""Rows about units that are registered under another serial: without a serial number a unit is known by its asset tag."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from musterroll.domain.units.kinds import has_key
from musterroll.domain.units.product_names import NamedProduct
from musterroll.domain.values.errors import Conflict
from musterroll.readers.fields import DocumentRow
from musterroll.readers.units import KNOWN_AS, TAG_FOR_SERIAL
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.imports import units as unit_imports
from musterroll.storage.imports.units import MarkedUnit

if TYPE_CHECKING:
    from musterroll.usecases.imports.kinds.units import UnitImporter


class TaggedUnits:
    """The units that the rows of a batch may mean by asset tag or hostname; of rows whose serial is not registered."""

    def __init__(self, importer: "UnitImporter") -> None:
        self._importer = importer
        self._tagged: dict[str, list[MarkedUnit]] = {}
        self._hosts: dict[str, list[MarkedUnit]] = {}
        self._products: dict[int, NamedProduct] = {}

    def look_up(self, rows: Sequence[DocumentRow], copied: Sequence[str]) -> None:
        session, values = self._importer.session, [row.values for row in rows]
        self._tagged = unit_imports.marked(session, "asset_tag", {row["asset_tag"] for row in values if "asset_tag" in row}, copied)
        hosts = unit_imports.marked(session, "hostname", {row["hostname"] for row in values if "hostname" in row}, copied)
        self._hosts = {host: [unit for unit in units if _without_serial(unit)] for host, units in hosts.items()}
        products = {unit.facts[-1] for units in (*self._tagged.values(), *self._hosts.values()) for unit in units}
        self._products = {row_id: NamedProduct(**names) for row_id, names in import_rows.products_by_id(session, products).items()}

    def of_row(self, row: DocumentRow) -> MarkedUnit | None:
        """The unit of the row's product with its asset tag, where one of the two has no serial number."""
        units = list(self._candidates(row))
        return units[0] if len(units) == 1 else None

    def check(self, row: DocumentRow) -> None:
        """Raises Conflict where the row may mean one unit or another, or its product may be another name of a registered one."""
        if KNOWN_AS in row.values or not (tag := row.values.get("asset_tag")):
            return
        if count := len(list(self._candidates(row))):
            raise Conflict(f"{count} units of this product have the asset tag {tag}; fill in the Serial Number", "ambiguous")
        for unit in self._tagged.get(tag, ()):
            if TAG_FOR_SERIAL in row.values or _without_serial(unit):
                self._importer.name_questions.ask(row, self._products[unit.facts[-1]], f"asset tag {tag}", unit.key[2])

    def note(self, row: DocumentRow) -> str:
        """What a person should know of a row that makes a new unit."""
        if not self._tagged and not self._hosts:
            return ""
        for unit in self._tagged.get(row.values.get("asset_tag", ""), ()):
            product = self._products[unit.facts[-1]]
            return f"the asset tag {row.values['asset_tag']} is on {product.maker} {product.model} {unit.serial}, too"
        for unit in self._hosts.get(row.values.get("hostname", ""), ()):
            if unit.key[:2] == self._importer.key(row)[:2] and TAG_FOR_SERIAL not in row.values:
                alike = f"which has no serial number and the same hostname {row.values['hostname']}"
                return f"may be the unit {unit.serial}, {alike}: see Possible duplicates"
        return ""

    def _candidates(self, row: DocumentRow) -> Iterator[MarkedUnit]:
        family = self._importer.key(row)[:2]
        for unit in self._tagged.get(row.values.get("asset_tag", ""), ()):
            if unit.key[:2] == family and (TAG_FOR_SERIAL in row.values or _without_serial(unit)):
                yield unit


def _without_serial(unit: MarkedUnit) -> bool:
    """Whether its asset tag stands for its serial; a device that has reported knows its own."""
    return not unit.reported and has_key(unit.asset_tag or "", unit.key[2])
