"""A simulated fleet: many units in few processes, over the real enrolment, wire and broker.

Nothing of the registry is imported here but in `command`, which makes a claim token where none is given.
"""
