"""Which columns of which tables people and documents write, and those rows in bulk: what a change can be undone to.

What devices say (heartbeats, births, evidence) and what runs work out (findings, snapshots) is not paper.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import JSON, Column, Date, Float, Table, bindparam, delete, exists, insert, or_, select, update
from sqlmodel import Session, SQLModel
from sqlmodel.sql.sqltypes import UTCDateTime

from musterroll.domain.audit import Image, canonical, heads, image, written
from musterroll.domain.contracts.terms import LineScope
from musterroll.storage.engine.bulk import among
from musterroll.storage.liveness import telemetry as telemetry_rows
from musterroll.storage.tables.access import ApiToken, User
from musterroll.storage.tables.columns import Audited, Price
from musterroll.storage.tables.enrolment import ClaimToken, Credential
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.messages import DurableMessage
from musterroll.storage.tables.notifications import NotificationRule
from musterroll.storage.tables.units import Unit

_SAID_BY_DEVICE = frozenset({"firmware", "agent", "born_at", "card", "evidence"})
_OF_TOKEN = frozenset({"id", "account_id", "site_id"})  # where it deploys to; the rest is its own business
_OF_PERSON = frozenset({"id", "name", "role", "within", "disabled_at"})  # no hash of a password is in the audit
_OF_API_TOKEN = frozenset({"id", "label", "scopes", "within", "expires_at", "revoked_at"})
_OF_RULE = frozenset({"secret", "told_until"})  # no secret is in the audit; how far it told is its own business
_READERS: dict[type, Callable[[Any], Any]] = {
    Price: Decimal,
    UTCDateTime: datetime.fromisoformat,
    Date: date.fromisoformat,
    Float: float,
    JSON: json.loads,
}
_CHUNK = 5_000  # keys one statement may name


class Paper(NamedTuple):
    """A table's paper: its key column and all the columns an image of a row has."""

    table: Table
    key: Column[Any]
    columns: tuple[Column[Any], ...]
    names: frozenset[str]
    heads: tuple[tuple[str, str], ...]
    floats: tuple[str, ...]
    readers: dict[str, Callable[[Any], Any]]  # what makes a column's value of the plain one in an image, where they are not the same


@cache
def papers() -> dict[str, Paper]:
    """Every table of paper by name, those that are referred to before those that refer to them."""
    models: dict[Any, type[SQLModel]] = {model.__table__: model for model in Audited.__subclasses__()}  # type: ignore[attr-defined]
    return {table.name: _paper(models[table]) for table in SQLModel.metadata.sorted_tables if table in models}


def _paper(model: type[SQLModel]) -> Paper:
    table: Table = model.__table__  # type: ignore[attr-defined]
    (key,) = table.primary_key.columns
    columns = tuple(column for column in table.columns if _is_paper(model, column.name))
    floats = tuple(column.name for column in columns if isinstance(column.type, Float))
    readers = {column.name: reader for column in columns for kind, reader in _READERS.items() if isinstance(column.type, kind)}
    names = frozenset(column.name for column in columns)
    return Paper(table, key, columns, names, heads(names), floats, readers)


def _is_paper(model: type[SQLModel], column: str) -> bool:
    named = {ClaimToken: _OF_TOKEN, User: _OF_PERSON, ApiToken: _OF_API_TOKEN}.get(model)
    if named is not None:
        return column in named
    if model is NotificationRule:
        return column not in _OF_RULE
    return model is not Unit or column not in _SAID_BY_DEVICE


def image_of(table: str, row: Mapping[str, Any] | None, *, whole: bool) -> Image | None:
    """The image of a row as somebody holds it. Raises ValueError for a column that is not paper, or missing from a `whole` row."""
    if row is None:
        return None
    if table == telemetry_rows.TABLE:
        return image(row)
    paper = papers()[table]
    if not (paper.names == row.keys() if whole else paper.names >= row.keys()):
        raise ValueError(f"not the paper of {table}: {sorted(paper.names ^ row.keys())}")
    found = image(row)
    for name in paper.floats:
        if found.get(name) is not None:
            found[name] = repr(float(found[name]))  # somebody may hold a whole number
    return found


def texts_of(table: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The canonical texts of the images of whole rows. Raises ValueError as `image_of`."""
    paper = papers().get(table)
    if paper is None or paper.floats or any(paper.names != set(names) for names in set(map(tuple, rows))):
        return [canonical(image_of(table, row, whole=True)) for row in rows]
    return written(rows, paper.heads)


def images(session: Session, table: str, keys: Iterable[str]) -> dict[str, Image]:
    """The images of those rows that are there, by key."""
    if table == telemetry_rows.TABLE:
        return {str(key): image(row) for key, row in telemetry_rows.images(session, [int(key) for key in keys]).items()}
    paper, found = papers()[table], {}
    wanted = [int(key) for key in keys]
    for start in range(0, len(wanted), _CHUNK):
        query = select(*paper.columns).where(among(session, paper.key, wanted[start : start + _CHUNK]))
        for row in session.execute(query).mappings():
            found[str(row[paper.key.name])] = image({**row})
    return found


def insert_rows(session: Session, table: str, rows: Sequence[Image]) -> None:
    if table == telemetry_rows.TABLE:
        telemetry_rows.write(session, [(None, row) for row in rows])
        return
    paper = papers()[table]
    session.connection().execute(insert(paper.table), [_values(paper, row) for row in rows])


def update_rows(session: Session, table: str, rows: Sequence[tuple[str, Image]]) -> None:
    """Update rows by key; each image has the same columns."""
    if table == telemetry_rows.TABLE:
        telemetry_rows.put_back(session, [(int(key), row) for key, row in rows])
        return
    paper = papers()[table]
    fields: dict[str, Any] = {name: bindparam(name) for name in rows[0][1]}
    statement = update(paper.table).where(paper.key == bindparam("row_key")).values(fields)
    session.connection().execute(statement, [{**_values(paper, row), "row_key": int(key)} for key, row in rows])


def delete_rows(session: Session, table: str, keys: Sequence[str]) -> None:
    if table == telemetry_rows.TABLE:
        telemetry_rows.remove(session, [int(key) for key in keys])
        return
    paper = papers()[table]
    session.connection().execute(delete(paper.table).where(among(session, paper.key, [int(key) for key in keys])))


def referring(session: Session, table: str, keys: Sequence[str]) -> tuple[str, str] | None:
    """A row (table, key) that refers to one of these rows, other than one of these themselves."""
    if table == telemetry_rows.TABLE:
        return None
    target, wanted = papers()[table], [int(key) for key in keys]
    for other in SQLModel.metadata.sorted_tables:
        for column in (c for c in other.columns if c.references(target.key)):
            own = next(iter(other.primary_key.columns))
            query = select(own).where(among(session, column, wanted))
            if other is target.table:
                query = query.where(~among(session, own, wanted))
            found = session.execute(query.limit(1)).scalar()
            if found is not None:
                return other.name, str(found)
    line = session.execute(_lines_at(session, table, wanted)).scalar() if table in _PLACED else None
    return None if line is None else ("contract_line", str(line))


_PLACED = {
    "site": (LineScope.SERIAL, LineScope.SITE),
    "account": (LineScope.ACCOUNT, LineScope.SUBTREE),
}  # what a line's place is, by its scope


def _lines_at(session: Session, table: str, places: list[int]) -> Any:
    line: Any = papers()["contract_line"].table
    return select(line.c.id).where(line.c.scope.in_(_PLACED[table]), among(session, line.c.place_id, places)).limit(1)


def spoken(session: Session, unit_ids: Sequence[str]) -> set[str]:
    """Those units that were heard or hold a credential: they exist, whatever the paper says."""
    unit: Any = Unit.__table__  # type: ignore[attr-defined]
    said = [exists().where(model.unit_id == unit.c.id) for model in (UnitStatus, Credential, DurableMessage)]
    query = select(unit.c.id).where(among(session, unit.c.id, [int(key) for key in unit_ids]), or_(*said))
    return {str(found) for found in session.execute(query).scalars()}


_NEEDED_BY_UNIT = {"product": "product_id", "account": "account_id", "site": "site_id"}


def needed(session: Session, table: str, keys: Sequence[str]) -> set[str]:
    """Those products, accounts and sites that units need which have spoken, claim tokens, or the sites of either."""
    unit: Any
    unit, token, site = papers()["unit"].table, papers()["claim_token"].table, papers()["site"].table
    name = _NEEDED_BY_UNIT.get(table)
    if name is None:
        return set()
    ids = [int(key) for key in keys]
    said = [exists().where(model.unit_id == unit.c.id) for model in (UnitStatus, Credential, DurableMessage)]
    found = set(session.execute(select(unit.c[name]).where(among(session, unit.c[name], ids), or_(*said)).distinct()).scalars())
    if table != "product":
        found |= set(session.execute(select(token.c[name]).where(among(session, token.c[name], ids))).scalars())
    if table == "account":
        owned = session.execute(select(site.c.id, site.c.account_id).where(among(session, site.c.account_id, ids)))
        owners: dict[str, int] = {str(row[0]): row[1] for row in owned}
        found |= {owners[one] for one in needed(session, "site", list(owners))}
    return {str(one) for one in found}


def _values(paper: Paper, row: Image) -> Image:
    readers = paper.readers
    return {name: readers[name](value) if name in readers and value is not None else value for name, value in row.items()}
