"""currencies of accounts and contract lines"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ('account', 'contract_line'):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column('currency', sa.String(length=3), server_default='', nullable=False))


def downgrade() -> None:
    for table in ('account', 'contract_line'):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column('currency')
