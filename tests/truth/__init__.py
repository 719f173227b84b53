"""Simulated fleets whose future is known, and how often the ranges of estimates hold it: see `python -m tests.truth --help`."""
