"""Rules of reconciliation: contracted, deployed, operating."""
