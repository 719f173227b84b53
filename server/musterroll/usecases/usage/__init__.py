"""Use of the fleet: measured from lifetime counters, by unit, site, account and product."""
