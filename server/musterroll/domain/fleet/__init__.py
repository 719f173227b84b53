"""Rules of the fleet list, its filters, segments and firmware."""
