"""Rules of the coverage verdict of a unit."""
