"""The rules: pure functions and values. No clock, no database, no environment."""
