"""planned deliveries"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table(
        'planned_delivery',
        sa.Column('id', _BIG, nullable=False),
        sa.Column('on', sa.Date(), nullable=False),
        sa.Column('product_id', _BIG, nullable=False),
        sa.Column('ref', sa.String(length=80), nullable=False),
        sa.Column('quantity', sa.Integer(), nullable=False),
        sa.Column('least', sa.Integer(), nullable=True),
        sa.Column('most', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['product_id'], ['product.id']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('product_id', 'on', 'ref'),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table('planned_delivery')
