"""Use cases of the coverage verdict of a unit."""
