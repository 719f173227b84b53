"""Use cases of capacity: exposure, plans, scenarios and back-tests."""
