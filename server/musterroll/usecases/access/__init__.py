"""Use cases of access: users, sessions, API tokens."""
