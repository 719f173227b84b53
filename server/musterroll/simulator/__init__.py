"""A simulated fleet, and devices with the faults of the field: over the real enrolment, wire and broker.

It shares the MQTT codec with the registry and knows nothing of its database.
"""
