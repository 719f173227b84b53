"""Sources with a REST API: a generic one, and systems described over it."""
