"""SQL of coverage: facts of a unit, and the units that compete for the same quantities."""
