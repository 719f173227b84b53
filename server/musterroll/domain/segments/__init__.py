"""Ready-made segments: accounts to call, why, and what became of those who were handed over."""
