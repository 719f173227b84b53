"""Use cases of possible duplicates: proposals and merges."""
