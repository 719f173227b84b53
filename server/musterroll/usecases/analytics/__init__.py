"""Exporting the registry's facts for analysis elsewhere."""
