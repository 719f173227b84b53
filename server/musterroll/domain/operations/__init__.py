"""Rules of running the registry: health."""
