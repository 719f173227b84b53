"""Use cases, one per function, in wings. They take (session, ..., now), never commit and never read a clock."""
