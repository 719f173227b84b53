"""SQL of accounts (customers, parents and subsidiaries) and their sites."""
