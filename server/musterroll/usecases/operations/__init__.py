"""Use cases of running the registry: health, jobs, cached figures."""
