"""The records that merged or replaced ones were succeeded by, through any chain."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from musterroll.storage.engine.bulk import among
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.units import Unit


class SerialHolder(NamedTuple):
    """A unit as needed for lines for a serial."""

    id: int
    serial: str
    serial_key: str
    product_id: int
    merged_into_id: int | None
    replaced_by_id: int | None


_HOLDER = tuple(
    col(column) for column in (Unit.id, Unit.serial, Unit.serial_key, Unit.product_id, Unit.merged_into_id, Unit.replaced_by_id)
)


def accounts(session: Session) -> dict[str, str]:
    """The number of the surviving account, by the number of each merged one."""
    stays = aliased(Account)
    query = select(col(Account.ref), col(stays.ref)).join(stays, col(stays.id) == col(Account.merged_into_id))
    into: dict[str, str] = {row[0]: row[1] for row in session.execute(query)}
    return {ref: _last(into, ref) for ref in into}


def account_id(session: Session, account: Account) -> int | None:
    """The id of this account or, if merged, of the surviving one."""
    while account.merged_into_id is not None:
        account = session.get_one(Account, account.merged_into_id)
    return account.id


def unit(session: Session, row: Unit) -> Unit:
    """This unit or, if merged, the surviving one."""
    while row.merged_into_id is not None:
        row = session.get_one(Unit, row.merged_into_id)
    return row


def units_with_serial(session: Session, key: str) -> list[Unit]:
    """The units with this serial, including merged ones."""
    return list(session.scalars(select(Unit).where(col(Unit.serial_key) == key).order_by(col(Unit.id))))


def merged(session: Session, model: type[Account] | type[Unit], ids: Collection[int]) -> dict[int, int]:
    """The merged rows among these, with the surviving row."""
    table: Any = model.__table__  # type: ignore[union-attr]
    into = {
        row[0]: row[1] for row in session.execute(select(table.c.id, table.c.merged_into_id).where(table.c.merged_into_id.is_not(None)))
    }
    return {row_id: _last(into, row_id) for row_id in ids if row_id in into}


def keys_merged_into(session: Session, unit_ids: Collection[int]) -> set[tuple[int, str]]:
    """Serials of units merged into these: (surviving row, serial key)."""
    query = select(col(Unit.merged_into_id), col(Unit.serial_key)).where(among(session, col(Unit.merged_into_id), unit_ids))
    return {(row[0], row[1]) for row in session.execute(query)} if unit_ids else set()


def any_units(session: Session) -> bool:
    """Whether any unit was ever merged or replaced."""
    places = (col(Unit.merged_into_id), col(Unit.replaced_by_id))  # each by its own index
    return any(session.execute(select(col(Unit.id)).where(place.is_not(None)).limit(1)).first() for place in places)


class Successors:
    """The units with some serials, and their successors."""

    def __init__(self, session: Session, serial_keys: Collection[str]) -> None:
        self._units: dict[int, SerialHolder] = {}
        self._by_key: dict[str, list[SerialHolder]] = {}
        self._learn(session, select(*_HOLDER).where(among(session, col(Unit.serial_key), serial_keys)))
        for holder in list(self._units.values()):
            self._by_key.setdefault(holder.serial_key, []).append(holder)
        while missing := {row_id for holder in self._units.values() for row_id in holder[4:] if row_id} - self._units.keys():
            self._learn(session, select(*_HOLDER).where(among(session, col(Unit.id), missing)))

    def successor(self, serial_key: str, product_id: int | None, *, of_replaced: bool) -> SerialHolder | None:
        """The unit that a line for this serial covers, if it is not the one with the serial.

        If several makers share the serial the product decides, as in seat allocation.
        """
        holders = self._by_key.get(serial_key, [])
        named = holders if len(holders) == 1 else [holder for holder in holders if holder.product_id == product_id]
        if len(named) != 1:
            return None
        holder = self._successor(named[0], of_replaced)
        return None if holder is named[0] else holder

    def _successor(self, holder: SerialHolder, of_replaced: bool) -> SerialHolder:
        seen = {holder.id}
        while (after := holder.merged_into_id or (of_replaced and holder.replaced_by_id)) and after not in seen:
            seen.add(after)
            holder = self._units[after]
        return holder

    def _learn(self, session: Session, query: Any) -> None:
        self._units |= {row[0]: SerialHolder._make(row) for row in session.execute(query)}


def _last(into: dict[Any, Any], row_id: Any) -> Any:
    seen = {row_id}
    while (after := into.get(row_id)) is not None and after not in seen:
        seen.add(after)
        row_id = after
    return row_id
