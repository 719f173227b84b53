"""Use per day of lifetime counters: what was used, by whom, and where it declines."""
