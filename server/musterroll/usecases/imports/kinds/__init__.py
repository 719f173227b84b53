"""What each document kind does: which record a row is about, and what it changes."""
