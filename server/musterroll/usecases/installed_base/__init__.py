"""Use cases of installed base: counts, trend, licences, renewals."""
