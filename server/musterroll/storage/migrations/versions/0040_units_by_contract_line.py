"""The units of a contract line are found by index."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_SEATED = sa.text("line_id > 0")


def upgrade() -> None:
    op.create_index("ix_unit_reconciliation_line", "unit_reconciliation", ["line_id"], postgresql_where=_SEATED, sqlite_where=_SEATED)


def downgrade() -> None:
    op.drop_index("ix_unit_reconciliation_line", "unit_reconciliation")
