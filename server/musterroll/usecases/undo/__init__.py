"""Use cases of undo."""
