"""SQL of units: serial numbers, lifecycle, history, moves and incidents."""
