"""The registry's facts as tables for other programs."""
