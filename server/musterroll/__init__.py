"""Musterroll: an installed-base registry for fleets of hardware devices."""

__version__ = "0.1.0"
