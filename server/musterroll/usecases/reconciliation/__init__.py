"""Use cases of reconciliation: contracted, deployed, operating."""
