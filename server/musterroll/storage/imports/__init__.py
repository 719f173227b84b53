"""SQL of imports of customers' documents."""
