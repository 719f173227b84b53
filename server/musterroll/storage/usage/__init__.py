"""Counters, use per day of each unit, and sums by account and product."""
