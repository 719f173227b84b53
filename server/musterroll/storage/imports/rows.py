"""Queries and writes of an import, a batch at a time, for any kind of document."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Table, bindparam, delete, func, select, text, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, SQLModel, col

from musterroll.domain.units.kinds import UnitKind
from musterroll.storage.engine import bulk
from musterroll.storage.tables.accounts import Account, Product
from musterroll.storage.tables.contracts import ContractLine
from musterroll.storage.tables.units import Unit

_FROM_DEVICE = {"firmware": "", "agent": "", "evidence": {}}  # columns of a unit that no document fills

_CHUNK = 5_000
# The sequence is looked up once; otherwise PostgreSQL would look it up for every row.
_NEXT_IDS = text("""
  WITH sequence AS MATERIALIZED (SELECT pg_get_serial_sequence(:name, 'id')::regclass AS id)
  SELECT array_agg(nextval(sequence.id)) FROM sequence, generate_series(1, :count)""")


class UnitWithSerial(NamedTuple):
    """A unit that a document may mean by a serial."""

    id: int
    serial: str
    serial_key: str
    maker: str
    maker_key: str


def ids_by_ref(session: Session, model: Any, refs: Collection[str]) -> dict[str, int]:
    """Row ids of accounts, sites or contracts by their numbers in documents."""
    query = select(col(model.ref), col(model.id)).where(bulk.among(session, col(model.ref), refs))
    return {row[0]: row[1] for row in session.execute(query)} if refs else {}


def refs_by_id(session: Session, model: Any, ids: Collection[int]) -> dict[int, str]:
    """Numbers in documents of accounts, sites or contracts, by row id."""
    query = select(col(model.id), col(model.ref)).where(bulk.among(session, col(model.id), ids))
    return {row[0]: row[1] for row in session.execute(query)} if ids else {}


def rows_by(session: Session, model: type[SQLModel], key: str, values: Collection[Any]) -> list[dict[str, Any]]:
    """The rows with one of these values in the column `key`."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    return _rows(session, table, bulk.among(session, table.c[key], values)) if values else []


def records(session: Session, model: type[SQLModel], ids: Collection[int]) -> list[dict[str, Any]]:
    """These rows, by primary key."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    (key,) = table.primary_key.columns
    return _rows(session, table, bulk.among(session, key, ids))


def contract_lines(session: Session, pairs: Collection[tuple[int, str]]) -> list[dict[str, Any]]:
    """Contract lines by row id of their contract and line number."""
    table: Table = ContractLine.__table__  # type: ignore[attr-defined]
    return _rows(session, table, bulk.pair_among(session, table.c.contract_id, table.c.number, pairs)) if pairs else []


def _rows(session: Session, table: Table, which: ColumnElement[bool]) -> list[dict[str, Any]]:
    return [{**row} for row in session.execute(select(table).where(which)).mappings()]


def units_by_serial(session: Session, serial_keys: Collection[str]) -> dict[str, list[UnitWithSerial]]:
    """The units with these serials; a merged unit stands for the one it was merged into."""
    if not serial_keys:
        return {}
    query = (
        select(func.coalesce(col(Unit.merged_into_id), col(Unit.id)), col(Unit.serial), col(Unit.serial_key), col(Product.maker))
        .add_columns(col(Unit.maker_key))
        .join_from(Unit, Product, col(Product.id) == col(Unit.product_id))
        .where(bulk.among(session, col(Unit.serial_key), serial_keys))
        .order_by(col(Unit.id))
    )
    units_by_key: dict[str, list[UnitWithSerial]] = {}
    for row in session.execute(query):
        units = units_by_key.setdefault(row[2], [])
        if row[0] not in {unit.id for unit in units}:
            units.append(UnitWithSerial._make(row))
    return units_by_key


def twins(session: Session, twin_keys: Collection[str]) -> dict[str, str]:
    """A registered serial by each of these twin keys that has one."""
    query = (
        select(col(Unit.twin_key), func.min(col(Unit.serial)))
        .where(bulk.among(session, col(Unit.twin_key), twin_keys))
        .group_by(col(Unit.twin_key))
    )
    return {row[0]: row[1] for row in session.execute(query)} if twin_keys else {}


def products_by_model(session: Session, model_keys: Collection[str]) -> dict[str, list[tuple[str, int]]]:
    """Products as (maker key, row id) by model key."""
    query = select(col(Product.model_key), col(Product.maker_key), col(Product.id)).where(
        bulk.among(session, col(Product.model_key), model_keys)
    )
    products: dict[str, list[tuple[str, int]]] = {}
    for model_key, maker_key, product_id in session.execute(query.order_by(col(Product.id))) if model_keys else ():
        products.setdefault(model_key, []).append((maker_key, product_id))
    return products


def products_by_id(session: Session, ids: Collection[int]) -> dict[int, dict[str, str]]:
    """Maker and model of products, by row id."""
    query = select(col(Product.id), col(Product.maker), col(Product.model)).where(bulk.among(session, col(Product.id), ids))
    return {row[0]: {"maker": row[1], "model": row[2]} for row in session.execute(query)} if ids else {}


def kinds_by_id(session: Session, ids: Collection[int]) -> dict[int, UnitKind]:
    """The kind of products, by row id."""
    query = select(col(Product.id), col(Product.kind)).where(bulk.among(session, col(Product.id), ids))
    return {row[0]: row[1] for row in session.execute(query)} if ids else {}


def makers_of(session: Session, unit_ids: Collection[int]) -> dict[int, str]:
    """The maker of units, by row id."""
    query = select(col(Unit.id), col(Product.maker)).join(Product, col(Product.id) == col(Unit.product_id))
    return {row[0]: row[1] for row in session.execute(query.where(bulk.among(session, col(Unit.id), unit_ids)))} if unit_ids else {}


def page(session: Session, model: type[SQLModel], after: int, limit: int) -> list[tuple[int, dict[str, Any]]]:
    """Records behind the row id `after`, without those merged into others: row id and columns."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    (key,) = table.primary_key.columns
    query = select(table).where(key > after).order_by(key).limit(limit)
    if "merged_into_id" in table.c:
        query = query.where(table.c.merged_into_id.is_(None))
    return [(row[key.name], {**row}) for row in session.execute(query).mappings()]


def dated_lines(session: Session, contract_ids: Collection[int]) -> list[ContractLine]:
    """The lines of these contracts that have dates of their own."""
    c = ContractLine
    dated = col(c.starts_on).is_not(None) | col(c.ends_on).is_not(None)
    query = select(c).where(bulk.among(session, col(c.contract_id), contract_ids), dated).order_by(col(c.id))
    return list(session.scalars(query)) if contract_ids else []


def reserve_ids(session: Session, model: type[SQLModel], count: int) -> list[int]:
    """New row ids for nobody else, in order."""
    if not count:
        return []
    table: Table = model.__table__  # type: ignore[attr-defined]
    if bulk.postgres(session):
        return sorted(session.execute(_NEXT_IDS, {"name": table.name, "count": count}).scalar_one())
    numbered = table.dialect_options["sqlite"].get("autoincrement")
    used = text("SELECT seq FROM sqlite_sequence WHERE name = :name") if numbered else select(func.max(table.c.id))
    last = session.execute(used, {"name": table.name} if numbered else {}).scalar() or 0
    return list(range(last + 1, last + 1 + count))


def insert_rows(session: Session, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; all have the same columns in the same order."""
    insert_columns(session, model, by_column(rows))


def by_column(rows: Sequence[Mapping[str, Any]]) -> dict[str, Sequence[Any]]:
    """Rows that have the same columns in the same order, by column; nothing where there are none."""
    return dict(zip(rows[0], zip(*(row.values() for row in rows), strict=True), strict=True)) if rows else {}


def insert_columns(session: Session, model: type[SQLModel], columns: Mapping[str, Sequence[Any]]) -> None:
    """Insert rows that are given by their columns."""
    if columns:
        bulk.insert_columns(session, model, columns, _FROM_DEVICE if model is Unit else {})


def update_rows(session: Session, model: type[SQLModel], rows: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    """Update rows by key."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    (key,) = table.primary_key.columns
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row_id, values in rows:
        by_columns.setdefault(tuple(values), []).append({**values, "row_key": row_id})
    for names, together in by_columns.items():
        statement = update(table).where(key == bindparam("row_key")).values({name: bindparam(name) for name in names})
        session.connection().execute(statement, together)


def delete_rows(session: Session, model: type[SQLModel], ids: Collection[int]) -> None:
    """Delete rows by key."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    if ids:
        session.connection().execute(delete(table).where(table.c.id.in_(ids)))


def parent_refs(session: Session) -> dict[str, str]:
    """Number of the parent by number of the account, of all accounts that have one."""
    account, parent = aliased(Account), aliased(Account)
    query = select(col(account.ref), col(parent.ref)).join(parent, col(parent.id) == col(account.parent_id))
    return {row[0]: row[1] for row in session.execute(query)}


def column_values(session: Session, model: type[SQLModel], name: str, ids: Collection[int]) -> dict[int, Any]:
    """One column of these rows, by row id."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    values: dict[int, Any] = {}
    for chunk in _chunks(ids):
        query = select(table.c.id, table.c[name]).where(bulk.among(session, table.c.id, chunk))
        values |= {row[0]: row[1] for row in session.execute(query)}
    return values


def units_at(session: Session, site_ids: Collection[int]) -> list[int]:
    return list(session.execute(select(col(Unit.id)).where(bulk.among(session, col(Unit.site_id), site_ids))).scalars()) if site_ids else []


def _chunks(values: Collection[Any]) -> Iterator[list[Any]]:
    rest = iter(values)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk
