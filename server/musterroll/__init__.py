"""Musterroll: the roll of a hardware fleet, answered by the units themselves and set beside the paperwork."""

__version__ = "0.1.0"
