"""Benchmarks: `python -m tests.bench [--quick] [--json FILE] [name ...]`, or `make bench`.

Each brings its own Mosquitto and PostgreSQL. Variants of one measurement take turns in rounds, and what is compared are their
ratios within a round: the machine may be busy, but it is equally busy for all of a round.
"""
