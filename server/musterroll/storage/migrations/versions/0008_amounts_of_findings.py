"""amounts of findings in further currencies"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'finding_amount',
        sa.Column('finding_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
        sa.Column('currency', sa.String(length=3), nullable=False),
        sa.Column('value', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['finding_id'], ['finding.id']),
        sa.PrimaryKeyConstraint('finding_id', 'currency'),
    )


def downgrade() -> None:
    op.drop_table('finding_amount')
