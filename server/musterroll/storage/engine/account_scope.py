"""What a user limited to some accounts sees: every table narrowed to those accounts and their subsidiaries.

In a limited session each table stands for the rows in reach: a `FROM unit` is compiled as `FROM (SELECT * FROM unit WHERE ...) AS unit`,
wherever in a statement it stands. The accounts in reach are worked out once a session into the temporary table `reach`.
Textual SQL is not narrowed: it is for runs over the whole fleet, and for rows that a select has found before.
"""

from collections.abc import Collection
from contextlib import suppress
from copy import copy
from typing import Any

from sqlalchemy import Engine, Table, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.selectable import FromClause
from sqlmodel import Session, SQLModel

from musterroll.storage.engine.bulk import ids, postgres

_KEY = "musterroll.within"
_WHOLE = "whole_"  # an alias of this name stands for the table itself
_REACH = "(SELECT account_id FROM reach)"

# The column that says whose a row is, the first one that a table has; and who owns what it names.
_OWNERS = {
    "account_id": "account_id IN {reach}",
    "unit_id": "EXISTS (SELECT 1 FROM unit u WHERE u.id = {table}.unit_id AND u.account_id IN {reach})",
    "contract_id": "EXISTS (SELECT 1 FROM contract c WHERE c.id = {table}.contract_id AND c.account_id IN {reach})",
    "finding_id": "EXISTS (SELECT 1 FROM finding f WHERE f.id = {table}.finding_id AND f.account_id IN {reach})",
}
_OWN = {
    "account": "id IN {reach}",
    "incident": """account_id IN {reach}
      OR EXISTS (SELECT 1 FROM unit u WHERE u.id = incident.unit_id AND u.account_id IN {reach})""",
    "hand_over": "EXISTS (SELECT 1 FROM hand_over_account h WHERE h.hand_over_id = hand_over.id AND h.account_id IN {reach})",
    "proposal": """CASE kind
      WHEN 'account_twin' THEN left_id IN {reach} AND right_id IN {reach}
      WHEN 'unit_twin' THEN (SELECT count(*) FROM unit u WHERE u.id IN (left_id, right_id) AND u.account_id IN {reach}) = 2
      WHEN 'line_serial' THEN EXISTS (SELECT 1 FROM unit u WHERE u.id = right_id AND u.account_id IN {reach}) AND EXISTS (
        SELECT 1 FROM contract_line l JOIN contract c ON c.id = l.contract_id WHERE l.id = left_id AND c.account_id IN {reach}) END""",
}
_SUMS_OF_ALL = ("exposure", "figure_cache", "plan_facts", "day_total", "segment_size")  # they cannot be split by account
# What is counted for all is counted for the accounts in reach.
_INSTEAD = {
    "cell_count": """SELECT axis, of_id, cell, units FROM cell_count WHERE axis = 'account' AND of_id IN {reach}
      UNION ALL SELECT 'all', 0, cell, sum(units) FROM cell_count WHERE axis = 'account' AND of_id IN {reach} GROUP BY cell
      UNION ALL SELECT 'product', product_id, cell, count(*)
        FROM unit_reconciliation WHERE account_id IN {reach} GROUP BY product_id, cell""",
}

_CREATE = "CREATE TEMPORARY TABLE IF NOT EXISTS reach (account_id bigint PRIMARY KEY)"
_KEEP = "SET LOCAL synchronous_commit = off; COMMIT"  # of a temporary table: nothing that a crash could lose
_BELOW = """
INSERT INTO reach
WITH RECURSIVE below(id) AS (
  SELECT id FROM account WHERE id IN {roots} UNION SELECT account.id FROM account JOIN below ON account.parent_id = below.id)
SELECT id FROM below"""


def limited(session: Session) -> bool:
    """Whether the session sees only some accounts."""
    return _KEY in session.info


def open_limited(engine: Engine, within: Collection[int]) -> Session:
    """A session that sees these accounts and all below them. `engine` is one made by `narrow`."""
    session = Session(engine, expire_on_commit=False, info={_KEY: tuple(within)})
    on_postgres = postgres(session)
    connection = session.connection()
    connection.exec_driver_sql(_CREATE + " ON COMMIT DELETE ROWS" * on_postgres)
    connection.exec_driver_sql("DELETE FROM reach")
    roots = "(SELECT unnest(:roots))" if on_postgres else "(SELECT value FROM json_each(:roots))"
    connection.execute(text(_BELOW.format(roots=roots)), {"roots": ids(session, list(within))})
    if on_postgres:
        connection.exec_driver_sql("ANALYZE reach")  # whether few or many units are in reach decides every plan
    return session


def keep_reach(session: Session) -> None:
    """End a limited read-only session. On PostgreSQL the empty table, and prepared statements with it, is kept for the next one."""
    if postgres(session):
        with suppress(SQLAlchemyError):  # where a statement failed all is rolled back
            session.connection().exec_driver_sql(_KEEP)


def whole(model: type[SQLModel]) -> Any:
    """A table as it is, for what must be judged by all of it: whether a unit is covered may hang on the contract of a parent."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table.alias(f"{_WHOLE}{table.name}")


def narrow(engine: Engine) -> Engine:
    """The same engine, that sees in each table only what is in reach."""
    engine.connect().close()  # the dialect asks the server about itself at the first connection
    narrowed = engine.execution_options()
    narrowed.dialect = copy(engine.dialect)
    compiler: Any = narrowed.dialect.statement_compiler
    narrowed.dialect.statement_compiler = type("Narrowed", (_Narrowing, compiler), {})
    return narrowed


class _Narrowing:
    """Writes each table that is selected from as the rows of it that are in reach."""

    def visit_table(self, table: Table, *, asfrom: bool = False, iscrud: bool = False, enclosing_alias: Any = None, **rest: Any) -> str:
        above: Any = super()
        written: str = above.visit_table(table, asfrom=asfrom, iscrud=iscrud, enclosing_alias=enclosing_alias, **rest)
        alias = enclosing_alias if enclosing_alias is not None and enclosing_alias.element is table else None
        rows = None if iscrud or not asfrom or _is_whole(alias) else rows_in_reach(table)
        if rows is None:
            return written
        return f"({rows})" if alias is not None else f"({rows}) AS {written}"


def _is_whole(alias: FromClause | None) -> bool:
    return str(getattr(alias, "name", "")).startswith(_WHOLE)


def as_seen(session: Session, table: Table) -> str:
    """A table as textual SQL names it in FROM, narrowed to what the session sees."""
    rows = rows_in_reach(table) if limited(session) else None
    return f"({rows}) AS {table.name}" if rows else str(table.name)


def rows_in_reach(table: Table) -> str | None:
    """The rows of a table that a limited session sees, as SQL; None where it sees all of them."""
    owner = next((condition for column, condition in _OWNERS.items() if column in table.columns), None)
    condition = "FALSE" if table.name in _SUMS_OF_ALL else _OWN.get(table.name, owner)
    rows = _INSTEAD.get(table.name) or (f"SELECT * FROM {{table}} WHERE {condition}" if condition else None)  # noqa: S608
    return rows and rows.format(table=table.name, reach=_REACH)
