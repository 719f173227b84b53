"""the date of the imported list that a unit is known from"""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

NAMES = ('listed_at', 'unknown_since')
LISTED = sa.text('listed_at IS NOT NULL')


def upgrade() -> None:
    for name in NAMES:
        op.add_column('unit_status', sa.Column(name, sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
    # The dates of lists were not recorded: a list is at least as new as what it says of a unit.
    op.execute('UPDATE unit_status SET listed_at = heard_at WHERE birth_epoch < 0 AND beat < 0')
    op.create_index('ix_unit_status_listed', 'unit_status', ['unit_id'], postgresql_where=LISTED, sqlite_where=LISTED)


def downgrade() -> None:
    op.drop_index('ix_unit_status_listed', 'unit_status')
    with op.batch_alter_table('unit_status', schema=None) as batch_op:
        for name in NAMES:
            batch_op.drop_column(name)
