"""Use cases of the customer base: customers ever and now, retention, churn, and the health of accounts."""
