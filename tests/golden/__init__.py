"""A small database of each released state, and what makes and checks them."""
