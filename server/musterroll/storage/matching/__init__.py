"""SQL of possible duplicates: proposals and merges."""
