"""blocks of audit entries"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
_BLOCKS = sa.text('last_row IS NOT NULL')


def upgrade() -> None:
    with op.batch_alter_table('audit_entry') as batch_op:
        batch_op.add_column(sa.Column('first_row', _BIG, nullable=True))
        batch_op.add_column(sa.Column('last_row', _BIG, nullable=True))
        batch_op.create_index('ix_audit_entry_block', ['table_name', 'last_row'], postgresql_where=_BLOCKS, sqlite_where=_BLOCKS)


def downgrade() -> None:
    with op.batch_alter_table('audit_entry') as batch_op:
        batch_op.drop_index('ix_audit_entry_block')
        batch_op.drop_column('last_row')
        batch_op.drop_column('first_row')
