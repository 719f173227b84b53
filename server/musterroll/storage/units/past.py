"""All units with their history as columns, so that any number of past days are computed from one reading.

The tables bear the names and the columns of those they are read from, as far as `as_of` and the runs ask for them: the expressions over
the database are those over the columns.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Select
from sqlalchemy.dialects import postgresql
from sqlmodel import Session, SQLModel

from musterroll.storage.engine import account_scope
from musterroll.storage.engine.columns import WORD, Columns

_NUMBERS = ("heard_at", "first_heard_at", "beat", "birth_epoch", "late_after", "stale_after", "death_at", "stale_since", "held_at")
_TABLES = {
    "unit": {
        **dict.fromkeys(("id", "account_id", "site_id", "product_id", "merged_into_id"), "BIGINT"),
        **{
            "lifecycle": WORD,
            "serial_key": WORD,
            "firmware": "VARCHAR",
            "installed_on": "DATE",
            "left_on": "DATE",
            "created_at": "TIMESTAMP",
        },
    },
    "unit_status": dict.fromkeys(("unit_id", *_NUMBERS, "listed_at", "quiet_since", "unknown_since"), "BIGINT"),
    "unit_state_change": {
        **dict.fromkeys(("id", "unit_id", "at", "recorded_at", "withdrawn_at"), "BIGINT"),
        **{"axis": WORD, "old": WORD, "new": WORD},
    },
    "site": {"id": "BIGINT", "account_id": "BIGINT", "country": "VARCHAR"},
    "account": {"id": "BIGINT", "parent_id": "BIGINT", "country": "VARCHAR", "segment": "VARCHAR"},
}
# What is read of some units: the ids of a table's rows, once the tables before it are read.
_OF_UNITS = {"unit": "id", "unit_status": "unit_id", "unit_state_change": "unit_id"}
_OF_PLACES = {
    "site": "SELECT DISTINCT site_id FROM unit WHERE site_id IS NOT NULL",
    "account": "SELECT account_id FROM unit WHERE account_id IS NOT NULL UNION SELECT account_id FROM site WHERE account_id IS NOT NULL",
}
_AMONG = " WHERE {key} IN (SELECT id FROM {{units}} t)"
_DIALECT: Any = postgresql.dialect()  # type: ignore[no-untyped-call]


def read(columns: Columns, units: Collection[int] | None = None, *, changes: bool = True, seen_by: Session | None = None) -> None:
    """Read every unit, or these: what it last reported, all its state changes unless only the present is asked for, and where it is.

    `seen_by`: only the places that this session sees.
    """
    for name, kinds in _TABLES.items():
        if name == "unit_state_change" and not changes:
            continue
        rows = account_scope.as_seen(seen_by, SQLModel.metadata.tables[name]) if seen_by and name in _OF_PLACES else name
        if units is None:
            columns.read(name, _select(name, rows), kinds)
            continue
        ids = units if name in _OF_UNITS else columns.ids(_OF_PLACES[name])
        columns.read(name, _select(name, rows) + _AMONG.format(key=f"{name}.{_OF_UNITS.get(name, 'id')}"), kinds, units=ids)


def _select(name: str, rows: str) -> str:
    return f"SELECT {', '.join(f'{name}.{column}' for column in _TABLES[name])} FROM {rows}"  # noqa: S608  our own


def words(asked: ColumnElement[Any] | Select[Any]) -> str:
    """An expression, or a select, over these tables, as the columns are asked for it."""
    return str(asked.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True}))
