"""Rules of contracts, contract lines and renewals."""
