"""parts of whole runs"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table(
        'run_part',
        sa.Column('id', _BIG, nullable=False),
        sa.Column('run', sa.String(length=16), nullable=False),
        sa.Column('version', sa.String(length=40), nullable=False),
        sa.Column('snapshot', sa.String(length=80), nullable=False),
        sa.Column('work', sa.JSON(), nullable=False),
        sa.Column('cells', sa.LargeBinary(), nullable=True),
        sa.Column('findings', sa.LargeBinary(), nullable=True),
        sa.Column('further', sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint('id'),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table('run_part')
