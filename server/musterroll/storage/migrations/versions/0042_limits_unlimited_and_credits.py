"""Limits without an amount are unlimited; incidents have the credits that they took."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SET, _MAYBE = "amount BIGINT NOT NULL", "amount BIGINT"


def upgrade() -> None:
    op.add_column("incident", sa.Column("credits", sa.BigInteger(), nullable=True))
    _allow_null(_SET, _MAYBE, nullable=True)
    op.create_table(
        "line_use",
        sa.Column("line_id", _BIG, nullable=False),
        sa.Column("counter_id", _BIG, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("contract_id", _BIG, nullable=False),
        sa.Column("use", sa.Float(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("line_id", "counter_id", "day"),
    )


def downgrade() -> None:
    op.drop_table("line_use")
    op.execute("DELETE FROM line_limit WHERE amount IS NULL")
    _allow_null(_MAYBE, _SET, nullable=False)
    op.drop_column("incident", "credits")


def _allow_null(old: str, new: str, *, nullable: bool) -> None:
    if op.get_context().dialect.name == "sqlite":
        _rebuild(old, new)
    else:
        op.alter_column("line_limit", "amount", existing_type=sa.BigInteger(), nullable=nullable)


def _rebuild(old: str, new: str) -> None:
    """Copy the limits into another table, as SQLite has no way to change a column."""
    connection = op.get_bind()
    (table,) = connection.scalars(sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'line_limit'"))
    indexes = list(connection.scalars(sa.text("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'line_limit' AND sql > ''")))
    last = connection.scalar(sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'line_limit'"))
    columns = ", ".join(f'"{name}"' for name in connection.scalars(sa.text("SELECT name FROM pragma_table_info('line_limit')")))
    if old not in table:
        raise RuntimeError(f"the table line_limit has no column {old}")
    name, _, rest = table.replace(old, new).partition("(")
    for statement in (
        f"{name.replace('line_limit', 'line_limit_copy')}({rest}",
        f"INSERT INTO line_limit_copy ({columns}) SELECT {columns} FROM line_limit",  # noqa: S608  names of this table
        "DROP TABLE line_limit",
        "ALTER TABLE line_limit_copy RENAME TO line_limit",
        *indexes,
    ):
        connection.exec_driver_sql(statement)
    if last is not None:  # numbers that were given once are not given again
        connection.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = 'line_limit'"))
        connection.execute(sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('line_limit', :last)"), {"last": last})
