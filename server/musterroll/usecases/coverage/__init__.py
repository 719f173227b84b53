"""Use cases of coverage: the verdict on a unit, and the records behind it."""
