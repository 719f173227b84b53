"""The verbs: one use case per function, one subject per file. They take (session, ..., now), never commit and never read a clock."""
