"""Members of segments, their sizes day by day, pairs of products and hand-overs."""
