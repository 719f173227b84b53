"""All units with their history as columns, so that any number of past days are computed from one reading.

The tables bear the names and the columns of those they are read from, as far as `as_of` and the runs ask for them: the expressions over
the database are those over the columns.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select
from sqlalchemy.dialects import postgresql

from musterroll.storage.engine.columns import WORD, Columns

_NUMBERS = ("heard_at", "first_heard_at", "beat", "birth_epoch", "late_after", "stale_after", "death_at", "stale_since", "held_at")
_TABLES = {
    "unit": {
        **dict.fromkeys(("id", "account_id", "site_id", "product_id", "merged_into_id"), "BIGINT"),
        **{"lifecycle": WORD, "serial_key": WORD, "firmware": "VARCHAR", "installed_on": "DATE", "created_at": "TIMESTAMP"},
    },
    "unit_status": dict.fromkeys(("unit_id", *_NUMBERS, "listed_at", "quiet_since"), "BIGINT"),
    "unit_state_change": {
        **dict.fromkeys(("id", "unit_id", "at", "recorded_at", "withdrawn_at"), "BIGINT"),
        **{"axis": WORD, "old": WORD, "new": WORD},
    },
    "site": {"id": "BIGINT", "account_id": "BIGINT", "country": "VARCHAR"},
    "account": {"id": "BIGINT", "parent_id": "BIGINT", "country": "VARCHAR", "segment": "VARCHAR"},
}
_DIALECT: Any = postgresql.dialect()  # type: ignore[no-untyped-call]


def read(columns: Columns) -> None:
    """Read every unit, what it last reported, all its state changes, and where it is."""
    for table, kinds in _TABLES.items():
        columns.read(table, f"SELECT {', '.join(kinds)} FROM {table}", kinds)  # noqa: S608  our own


def words(asked: ColumnElement[Any] | Select[Any]) -> str:
    """An expression, or a select, over these tables, as the columns are asked for it."""
    return str(asked.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True}))
