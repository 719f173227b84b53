"""Rules of products, warranty policies and coverage periods."""
