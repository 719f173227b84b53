"""revoked credentials"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.add_column('credential', sa.Column('reason', sa.String(length=500), nullable=False, server_default=''))
    with op.batch_alter_table('claim_token') as table:
        table.add_column(sa.Column('unit_id', _BIG, nullable=True))
        table.create_foreign_key('fk_claim_token_unit', 'unit', ['unit_id'], ['id'])


def downgrade() -> None:
    with op.batch_alter_table('claim_token') as table:
        table.drop_constraint('fk_claim_token_unit', type_='foreignkey')
        table.drop_column('unit_id')
    op.drop_column('credential', 'reason')
