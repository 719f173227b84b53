"""Use cases of contracts, contract lines and renewals."""
