"""The database itself: engine, bulk statements, temporary tables, migrations."""
