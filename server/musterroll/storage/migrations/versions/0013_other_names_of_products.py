"""other names of products"""

import sqlalchemy as sa
from alembic import op


revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('product_name',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('maker', sa.String(length=200), nullable=False),
    sa.Column('model', sa.String(length=200), nullable=False),
    sa.Column('maker_key', sa.String(length=200), nullable=False),
    sa.Column('model_key', sa.String(length=200), nullable=False),
    sa.Column('of_maker', sa.String(length=200), nullable=False),
    sa.Column('of_model', sa.String(length=200), nullable=False),
    sa.Column('state', sa.String(length=24), nullable=False),
    sa.Column('evidence', sa.String(length=300), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('maker_key', 'model_key'),
    sqlite_autoincrement=True
    )


def downgrade() -> None:
    op.drop_table('product_name')
