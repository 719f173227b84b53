"""SQL of the coverage verdict of a unit."""
