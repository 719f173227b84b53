"""earlier spans of listening"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    document = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')
    with op.batch_alter_table('registry_state') as batch_op:
        batch_op.add_column(sa.Column('earlier', document, server_default='[]', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('registry_state') as batch_op:
        batch_op.drop_column('earlier')
