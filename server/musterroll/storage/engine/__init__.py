"""The database itself: engine, bulk statements, columns to compute in, migrations."""
