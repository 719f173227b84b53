"""SQL of access: users, sessions, API tokens."""
