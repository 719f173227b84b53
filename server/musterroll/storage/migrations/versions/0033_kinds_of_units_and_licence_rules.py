"""kinds of units and licence rules"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('product', sa.Column('kind', sa.String(length=24), server_default='device', nullable=False))
    op.add_column('product', sa.Column('licence_rule', sa.String(length=24), server_default='unit', nullable=False))
    op.add_column('unit', sa.Column('host', sa.String(length=120), nullable=True))
    op.add_column('unit', sa.Column('cores', sa.Integer(), nullable=True))
    op.add_column('user', sa.Column('licence_window', sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('user') as user:
        user.drop_column('licence_window')
    with op.batch_alter_table('unit') as unit:
        unit.drop_column('cores')
        unit.drop_column('host')
    with op.batch_alter_table('product') as product:
        product.drop_column('licence_rule')
        product.drop_column('kind')
