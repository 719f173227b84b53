"""invoices and reasons of cancellation"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
_UNPAID = sa.text("paid_on IS NULL AND payment NOT IN ('paid', 'void')")


def upgrade() -> None:
    op.create_table(
        'issued_invoice',
        sa.Column('id', _BIG, nullable=False),
        sa.Column('ref', sa.String(length=80), nullable=False),
        sa.Column('account_id', _BIG, nullable=False),
        sa.Column('contract_id', _BIG, nullable=True),
        sa.Column('issued_on', sa.Date(), nullable=False),
        sa.Column('due_on', sa.Date(), nullable=False),
        sa.Column('amount', sa.BigInteger(), nullable=False),
        sa.Column('balance', sa.BigInteger(), nullable=True),
        sa.Column('currency', sa.String(length=3), nullable=False),
        sa.Column('payment', sa.String(length=24), nullable=False),
        sa.Column('paid_on', sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(['account_id'], ['account.id']),
        sa.ForeignKeyConstraint(['contract_id'], ['contract.id']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('ref'),
        sqlite_autoincrement=True,
    )
    op.create_index('ix_issued_invoice_account_id', 'issued_invoice', ['account_id'])
    op.create_index('ix_issued_invoice_due_on', 'issued_invoice', ['due_on'])
    op.create_index('ix_issued_invoice_unpaid', 'issued_invoice', ['due_on'], postgresql_where=_UNPAID, sqlite_where=_UNPAID)
    op.add_column('contract', sa.Column('ended_reason', sa.String(length=120), server_default='', nullable=False))


def downgrade() -> None:
    op.drop_column('contract', 'ended_reason')
    op.drop_table('issued_invoice')
