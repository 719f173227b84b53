"""Use cases of accounts (customers, parents and subsidiaries) and their sites."""
