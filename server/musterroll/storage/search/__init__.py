"""SQL of the search over all records."""
