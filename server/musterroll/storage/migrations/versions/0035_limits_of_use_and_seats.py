"""Limits of use and seats: the counter that a limit is about, and whether it is pooled over the account."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_BEFORE, _AFTER = ("line_id", "kind"), ("line_id", "kind", "counter")


def upgrade() -> None:
    op.add_column("line_limit", sa.Column("counter", sa.String(length=80), nullable=False, server_default=""))
    op.add_column("line_limit", sa.Column("pooled", sa.Boolean(), nullable=False, server_default=sa.false()))
    _be_unique(_BEFORE, _AFTER)


def downgrade() -> None:
    _be_unique(_AFTER, _BEFORE)
    op.drop_column("line_limit", "pooled")
    op.drop_column("line_limit", "counter")


def _be_unique(old: tuple[str, ...], new: tuple[str, ...]) -> None:
    if op.get_context().dialect.name == "sqlite":
        _rebuild(f"UNIQUE ({', '.join(old)})", f"UNIQUE ({', '.join(new)})")
    else:
        op.drop_constraint(f"line_limit_{'_'.join(old)}_key", "line_limit")
        op.create_unique_constraint(None, "line_limit", list(new))


def _rebuild(old: str, new: str) -> None:
    """Copy the limits into a table with another constraint, as SQLite has no way to replace one."""
    connection = op.get_bind()
    (table,) = connection.scalars(sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'line_limit'"))
    indexes = list(connection.scalars(sa.text("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'line_limit' AND sql > ''")))
    last = connection.scalar(sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'line_limit'"))
    columns = ", ".join(f'"{name}"' for name in connection.scalars(sa.text("SELECT name FROM pragma_table_info('line_limit')")))
    if old not in table:
        raise RuntimeError(f"the table line_limit has no constraint {old}")
    name, _, rest = table.replace(old, new).partition("(")
    for statement in (
        f'{name.replace("line_limit", "line_limit_copy")}({rest}',
        f"INSERT INTO line_limit_copy ({columns}) SELECT {columns} FROM line_limit",  # noqa: S608  names of this table
        "DROP TABLE line_limit",
        "ALTER TABLE line_limit_copy RENAME TO line_limit",
        *indexes,
    ):
        connection.exec_driver_sql(statement)
    if last is not None:  # numbers that were given once are not given again
        connection.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = 'line_limit'"))
        connection.execute(sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('line_limit', :last)"), {"last": last})
