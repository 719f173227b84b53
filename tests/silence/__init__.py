"""How well silence is judged: simulated fleets, played against the rules themselves. `python -m tests.silence` prints the table."""
