"""All SQL: tables, the database, and queries by subject. Rules live in `domain`, order in `registry`."""
