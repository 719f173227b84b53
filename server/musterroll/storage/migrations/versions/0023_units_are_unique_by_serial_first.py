"""Units are unique by their serial first: the index that keeps them so also finds them by serial, and there is one index fewer."""

from alembic import op
from sqlalchemy import text

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_BEFORE, _AFTER = ("maker_key", "family_key", "serial_key"), ("serial_key", "maker_key", "family_key")


def upgrade() -> None:
    op.drop_index("ix_unit_serial_key", "unit")
    _be_unique(_BEFORE, _AFTER)


def downgrade() -> None:
    _be_unique(_AFTER, _BEFORE)
    op.create_index("ix_unit_serial_key", "unit", ["serial_key"])


def _be_unique(old: tuple[str, ...], new: tuple[str, ...]) -> None:
    if op.get_context().dialect.name == "sqlite":
        _rebuild(f"UNIQUE ({', '.join(old)})", f"UNIQUE ({', '.join(new)})")
    else:
        op.drop_constraint(f"unit_{'_'.join(old)}_key", "unit")
        op.create_unique_constraint(None, "unit", list(new))


def _rebuild(old: str, new: str) -> None:
    """Copy the units into a table with another constraint, as SQLite has no way to replace one. Foreign keys are not enforced meanwhile."""
    connection = op.get_bind()
    (table,) = connection.scalars(text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'unit'"))
    indexes = list(connection.scalars(text("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'unit' AND sql IS NOT NULL")))
    last = connection.scalar(text("SELECT seq FROM sqlite_sequence WHERE name = 'unit'"))
    columns = ", ".join(f'"{name}"' for name in connection.scalars(text("SELECT name FROM pragma_table_info('unit')")))
    if old not in table:
        raise RuntimeError(f"the table unit has no constraint {old}")
    name, _, rest = table.replace(old, new).partition("(")
    for statement in (
        f'{name.replace("unit", "unit_copy")}({rest}',
        f"INSERT INTO unit_copy ({columns}) SELECT {columns} FROM unit",  # noqa: S608  names of this table
        "DROP TABLE unit",
        "ALTER TABLE unit_copy RENAME TO unit",
        *indexes,
    ):
        connection.exec_driver_sql(statement)
    if last is not None:  # numbers that were given once are not given again
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = 'unit'"))
        connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES ('unit', :last)"), {"last": last})
