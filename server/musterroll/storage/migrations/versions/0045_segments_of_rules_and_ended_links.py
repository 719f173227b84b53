"""segments of rules and ended links"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    document = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')
    op.add_column('notification_rule', sa.Column('segments', document, nullable=False, server_default='[]'))
    op.create_table(
        'customer_link',
        sa.Column('unit_id', _BIG, nullable=False, autoincrement=False),
        sa.Column('ended', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['unit_id'], ['unit.id']),
        sa.PrimaryKeyConstraint('unit_id'),
    )


def downgrade() -> None:
    op.drop_table('customer_link')
    op.drop_column('notification_rule', 'segments')
