"""SQL of reconciliation: contracted, deployed, operating."""
