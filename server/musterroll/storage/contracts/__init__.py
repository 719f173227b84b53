"""SQL of contracts, contract lines and renewals."""
