"""Private instances of the real parts (PostgreSQL, Mosquitto, Chromium) that tests and benchmarks start and stop."""
