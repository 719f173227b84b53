"""The identifiers of the units of one product, and of the contract lines that name one."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import bindparam, exists, select, update
from sqlmodel import Session, col

from musterroll.storage.tables.contracts import ContractLine
from musterroll.storage.tables.units import Unit
from musterroll.storage.tables.warranty import WarrantyPeriod

_UNITS: Any = Unit.__table__  # type: ignore[attr-defined]
_LINES: Any = ContractLine.__table__  # type: ignore[attr-defined]


class Identified(NamedTuple):
    id: int
    serial: str
    key: str


def of_product(session: Session, product_id: int) -> list[Identified]:
    """The units of a product, merged ones too."""
    query = select(col(Unit.id), col(Unit.serial), col(Unit.serial_key)).where(col(Unit.product_id) == product_id).order_by(col(Unit.id))
    return [Identified(*row) for row in session.execute(query)]


def of_lines(session: Session, product_id: int) -> list[Identified]:
    """The lines that name one unit of a product."""
    named = (col(ContractLine.product_id) == product_id, col(ContractLine.serial) != "")
    query = select(col(ContractLine.id), col(ContractLine.serial), col(ContractLine.serial_key)).where(*named)
    return [Identified(*row) for row in session.execute(query.order_by(col(ContractLine.id)))]


def set_keys(session: Session, units: Collection[tuple[int, str, str]], lines: Collection[tuple[int, str]]) -> None:
    """Set the serial and twin key of units, and the serial key of lines, by row id."""
    if units:
        statement = update(_UNITS).where(_UNITS.c.id == bindparam("row")).values(serial_key=bindparam("key"), twin_key=bindparam("twin"))
        session.connection().execute(statement, [{"row": row, "key": key, "twin": twin} for row, key, twin in units])
    if lines:
        renamed = update(_LINES).where(_LINES.c.id == bindparam("row")).values(serial_key=bindparam("key"))
        session.connection().execute(renamed, [{"row": row, "key": key} for row, key in lines])


def has_warranty_by_hand(session: Session, product_id: int) -> bool:
    """Whether a person or a document has recorded a warranty of a unit of a product that still holds."""
    w = WarrantyPeriod
    of_product = select(col(Unit.id)).where(col(Unit.product_id) == product_id)
    by_hand = exists().where(col(w.unit_id).in_(of_product), col(w.kind) != "standard", col(w.voided_on).is_(None))
    return bool(session.execute(select(by_hand)).scalar())
