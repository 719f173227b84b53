"""the rhythm of each unit"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('unit_rhythm',
    sa.Column('unit_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('day', sa.Integer(), nullable=False),
    sa.Column('days', sa.LargeBinary(), nullable=False),
    sa.Column('usual', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], ),
    sa.PrimaryKeyConstraint('unit_id')
    )
    with op.batch_alter_table('unit_status', schema=None) as batch_op:
        batch_op.add_column(sa.Column('ring', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('ring_hour', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('gap', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('pace', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('usual_after', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('quiet_after', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('quiet_due', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('quiet_since', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('unit_status', schema=None) as batch_op:
        batch_op.drop_column('quiet_since')
        batch_op.drop_column('quiet_due')
        batch_op.drop_column('quiet_after')
        batch_op.drop_column('usual_after')
        batch_op.drop_column('pace')
        batch_op.drop_column('gap')
        batch_op.drop_column('ring_hour')
        batch_op.drop_column('ring')

    op.drop_table('unit_rhythm')
