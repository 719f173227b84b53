"""SQL of capacity: exposure, plans, scenarios and back-tests."""
