"""exports of contacts and reports of visitors"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlmodel import UTCDateTime

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('campaign_export',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('program', sa.String(length=24), nullable=False),
    sa.Column('segment', sa.String(length=80), nullable=False),
    sa.Column('whole', sa.Boolean(), nullable=False),
    sa.Column('at', UTCDateTime(), nullable=False),
    sa.Column('by', sa.String(length=120), nullable=False),
    sa.Column('exported', sa.Integer(), nullable=False),
    sa.Column('left_out', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sqlite_autoincrement=True
    )
    op.create_table('exported_contact',
    sa.Column('program', sa.String(length=24), nullable=False),
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('export_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('digest', sa.String(length=32), nullable=False),
    sa.PrimaryKeyConstraint('program', 'contact_id')
    )
    with op.batch_alter_table('exported_contact', schema=None) as batch_op:
        batch_op.create_index('ix_exported_contact_export', ['export_id', 'contact_id'], unique=False)

    with op.batch_alter_table('incident', schema=None) as batch_op:
        batch_op.add_column(sa.Column('reported_by', sa.String(length=24), server_default='', nullable=False))



def downgrade() -> None:
    with op.batch_alter_table('incident', schema=None) as batch_op:
        batch_op.drop_column('reported_by')

    with op.batch_alter_table('exported_contact', schema=None) as batch_op:
        batch_op.drop_index('ix_exported_contact_export')

    op.drop_table('exported_contact')
    op.drop_table('campaign_export')
