"""SQL of liveness: last seen, late, stale, paused alerts."""
