"""Rules of installed base: counts, trend, licences, renewals."""
