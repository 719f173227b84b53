"""what records say of units; accounts of incidents"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

COLUMNS: dict[str, Any] = {
    'purchased_on': sa.Date(),
    'warranty_starts_on': sa.Date(),
    'warranty_ends_on': sa.Date(),
    'asset_tag': sa.String(length=120),
    'hostname': sa.String(length=120),
    'details': sa.Text(),
}


def upgrade() -> None:
    number = 'BIGINT' if op.get_bind().dialect.name == 'postgresql' else 'INTEGER'
    op.execute(f'ALTER TABLE incident ADD COLUMN account_id {number} REFERENCES account (id)')
    op.create_index('ix_incident_account_id', 'incident', ['account_id'])
    for name, kind in COLUMNS.items():
        op.add_column('unit', sa.Column(name, kind, nullable=True))
    for name in ('asset_tag', 'hostname'):
        present = sa.text(f'{name} IS NOT NULL')
        op.create_index(f'ix_unit_{name}', 'unit', [name], postgresql_where=present, sqlite_where=present)


def downgrade() -> None:
    for name in ('asset_tag', 'hostname'):
        op.drop_index(f'ix_unit_{name}', 'unit')
    for name in COLUMNS:
        with op.batch_alter_table('unit', schema=None) as batch_op:
            batch_op.drop_column(name)
    op.drop_index('ix_incident_account_id', 'incident')
    with op.batch_alter_table('incident', schema=None) as batch_op:
        batch_op.drop_column('account_id')
