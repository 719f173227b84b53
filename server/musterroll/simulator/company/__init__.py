"""A company with customers, sites, contracts, bills, tickets and two years of history, for a demonstration. The same seed and day give the
same company. Its units are those of the simulated fleet, so that the first of them can also report."""
