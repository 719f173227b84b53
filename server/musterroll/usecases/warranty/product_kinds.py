"""Another kind of a product: its units and the contract lines that name them are then known by what identifies that kind."""

from sqlmodel import Session

from musterroll.domain.units.kinds import UnitKind, identifier_key
from musterroll.domain.units.serials import BadSerial, twin_key
from musterroll.domain.values.errors import Conflict
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.units import identifiers
from musterroll.usecases.audit import record as audit_record


def change_kind(session: Session, product_id: int, kind: UnitKind, change: AuditChange) -> None:
    """Give units and lines the keys of the new kind, as part of a change. Raises Conflict where a unit cannot be of it."""
    units, lines = identifiers.of_product(session, product_id), identifiers.of_lines(session, product_id)
    if not kind.hardware and identifiers.has_warranty_by_hand(session, product_id):
        raise Conflict(f"a {kind} has no warranty, but units of this product have one that was recorded by hand; void it first")
    try:
        keys = [identifier_key(unit.serial, kind) for unit in units]
    except BadSerial as wrong:
        raise Conflict(f"a unit of this product cannot be a {kind}: {wrong}", "other_kind") from None
    if len(set(keys)) < len(keys):
        raise Conflict(f"two units of this product would have the same identifier as a {kind}", "other_kind")
    moved = [(unit.id, key, twin_key(key)) for unit, key in zip(units, keys, strict=True) if key != unit.key]
    renamed = [(line.id, key) for line in lines if (key := _line_key(line.serial, kind)) and key != line.key]
    with (
        audit_record.watching(session, change, "unit", [row for row, *_ in moved]),
        audit_record.watching(session, change, "contract_line", [row for row, _ in renamed]),
    ):
        identifiers.set_keys(session, moved, renamed)


def _line_key(serial: str, kind: UnitKind) -> str | None:
    try:
        return identifier_key(serial, kind)
    except BadSerial:
        return None
