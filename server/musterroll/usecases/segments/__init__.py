"""Segments: worked out by the schedule, listed, and handed over to other systems and people."""
