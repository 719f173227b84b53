"""Use cases of imports of customers' documents."""
