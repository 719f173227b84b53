"""Units locked for a change, and the contract lines for their serials."""

from collections.abc import Collection

from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from musterroll.domain.contracts.terms import LineScope
from musterroll.storage.tables.contracts import ContractLine
from musterroll.storage.tables.units import Unit


def lock_unit(session: Session, uid: str) -> Unit | None:
    """A unit by its public id, locked until the transaction ends."""
    if "\0" in uid:
        return None  # PostgreSQL rejects NUL even in comparisons
    return session.execute(select(Unit).where(col(Unit.uid) == uid).with_for_update()).scalar_one_or_none()


def lock_units(session: Session, unit_ids: Collection[int]) -> dict[int, Unit]:
    """Units by row id, locked in a fixed order to avoid deadlocks."""
    units = session.execute(select(Unit).where(col(Unit.id).in_(unit_ids)).order_by(col(Unit.id)).with_for_update()).scalars()
    return {unit.id or 0: unit for unit in units}


def replaced_serials(session: Session, unit_id: int) -> list[str]:
    """The serials of the units that this one replaces."""
    return list(session.execute(select(col(Unit.serial)).where(col(Unit.replaced_by_id) == unit_id)).scalars())


def lines_naming(session: Session, unit: Unit) -> list[ContractLine]:
    """Contract lines for this unit's serial; if other makers share the serial, those of its product."""
    shared = select(col(Unit.id)).where(
        col(Unit.serial_key) == unit.serial_key, col(Unit.id) != unit.id, col(Unit.merged_into_id).is_(None)
    )
    own = or_(col(ContractLine.product_id) == unit.product_id, ~shared.exists())
    scope = func.coalesce(
        col(ContractLine.scope), ""
    )  # an expression, so that SQLite does not use the index on scope: most lines have this one
    named = select(ContractLine).where(scope == LineScope.SERIAL, col(ContractLine.serial_key) == unit.serial_key, own)
    return list(session.execute(named.order_by(col(ContractLine.id))).scalars())
