"""units by MAC address, incidents by the beginning of their number"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

_KEY = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
_PRESENT = sa.text("mac IS NOT NULL")
_WRITTEN = {"sqlite": "json_extract(evidence, '$.mac')", "postgresql": "evidence ->> 'mac'"}


def upgrade() -> None:
    engine = op.get_bind().dialect.name
    op.add_column("unit", sa.Column("mac", _KEY, nullable=True))
    key = f"replace(replace(replace(lower({_WRITTEN[engine]}), ':', ''), '-', ''), '.', '')"
    op.execute(f"UPDATE unit SET mac = {key} WHERE length({key}) = 12")
    op.create_index("ix_unit_mac", "unit", ["mac"], postgresql_where=_PRESENT, sqlite_where=_PRESENT)
    if engine == "postgresql":
        op.execute('ALTER TABLE incident ALTER COLUMN ref TYPE varchar(80) COLLATE "C"')


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute('ALTER TABLE incident ALTER COLUMN ref TYPE varchar(80) COLLATE "default"')
    op.drop_index("ix_unit_mac", table_name="unit")
    op.drop_column("unit", "mac")
