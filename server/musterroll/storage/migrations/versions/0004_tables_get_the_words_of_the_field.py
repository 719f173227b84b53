"""tables get the words of the field"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

TABLES = {
    'voice': 'unit_status',
    'usage': 'unit_usage',
    'pulse': 'process_heartbeat',
    'registry': 'registry_state',
    'revision': 'config_revision',
    'transition': 'unit_state_change',
    'delivery': 'message_stream',
    'standing': 'unit_reconciliation',
    'tally': 'cell_count',
    'dirty': 'reconcile_queue',
    'snapshot': 'daily_cell_count',
    'signal': 'event',
    'dealt': 'rule_event',
    'ending': 'calendar_entry',
    'mark': 'job_checkpoint',
    'reading': 'registry_metric',
    'kept_figure': 'figure_cache',
}
INDEXES = {'ix_dealt_told': 'ix_rule_event_notification'}


def upgrade() -> None:
    _rename(TABLES, INDEXES, 'signal_id', 'event_id')


def downgrade() -> None:
    _rename({new: old for old, new in TABLES.items()}, {new: old for old, new in INDEXES.items()}, 'event_id', 'signal_id')


def _rename(tables: dict[str, str], indexes: dict[str, str], old_column: str, new_column: str) -> None:
    for old, new in tables.items():
        if op.get_bind().dialect.name == 'postgresql':
            _rename_on_postgresql(old, new, indexes)
        else:
            _rename_on_sqlite(old, new, indexes)
    op.alter_column(tables.get('dealt', 'dealt'), old_column, new_column_name=new_column)


def _rename_on_postgresql(old: str, new: str, indexes: dict[str, str]) -> None:
    """The table, and what is named after it: indexes (with them constraints that have one), foreign keys and sequences."""
    bind = op.get_bind()
    op.rename_table(old, new)
    of_table = {'table': new}
    names = bind.execute(sa.text('SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND tablename = :table'), of_table)
    for name in names.scalars().all():
        op.execute(f'ALTER INDEX "{name}" RENAME TO "{_named(name, old, new, indexes)}"')
    names = bind.execute(sa.text("SELECT conname FROM pg_constraint WHERE conrelid = CAST(:table AS regclass) AND contype = 'f'"), of_table)
    for name in names.scalars().all():
        op.execute(f'ALTER TABLE "{new}" RENAME CONSTRAINT "{name}" TO "{_named(name, old, new, indexes)}"')
    sequence = f'{old}_id_seq'
    if bind.execute(sa.text("SELECT 1 FROM pg_sequences WHERE schemaname = current_schema() AND sequencename = :name"), {'name': sequence}).scalar():
        op.execute(f'ALTER SEQUENCE "{sequence}" RENAME TO "{new}_id_seq"')


def _rename_on_sqlite(old: str, new: str, indexes: dict[str, str]) -> None:
    """SQLite cannot rename an index: it is made again under its new name."""
    bind = op.get_bind()
    op.rename_table(old, new)
    query = sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :table AND sql IS NOT NULL")
    for name, statement in bind.execute(query, {'table': new}).all():
        op.execute(f'DROP INDEX "{name}"')
        op.execute(statement.replace(name, _named(name, old, new, indexes), 1))


def _named(name: str, old: str, new: str, indexes: dict[str, str]) -> str:
    if name in indexes:
        return indexes[name]
    for prefix in (f'ix_{old}_', f'{old}_'):
        if name.startswith(prefix):
            return prefix.replace(old, new) + name[len(prefix):]
    return name
