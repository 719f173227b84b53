"""A simulated fleet: many units in few processes, over the real enrolment, wire and broker.

It shares the MQTT codec with the registry; only `simulate` uses its database, for a claim token where none is given.
"""
