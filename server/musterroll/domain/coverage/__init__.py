"""Rules of coverage: which lines cover which units, and the verdict on a unit."""
