"""Use cases of products, warranty policies and coverage periods."""
