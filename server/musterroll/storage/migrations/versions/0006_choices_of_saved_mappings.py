"""choices of saved mappings"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')
revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('saved_mapping', schema=None) as batch_op:
        batch_op.add_column(sa.Column('options', DOCUMENT, nullable=True))
    op.execute("UPDATE saved_mapping SET options = '{}'")
    with op.batch_alter_table('saved_mapping', schema=None) as batch_op:
        batch_op.alter_column('options', existing_type=DOCUMENT, nullable=False)


def downgrade() -> None:
    with op.batch_alter_table('saved_mapping', schema=None) as batch_op:
        batch_op.drop_column('options')
