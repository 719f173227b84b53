"""The embedded broker: MQTT 3.1.1, QoS 0 and 1, in a thread of its own, for a registry that runs in one process.

It knows one kind of client well (units that may speak under their own name) and one that may hear all of them (the registry). What it
is asked to keep, it keeps in memory only: units say everything again until the registry's receipt. Larger fleets use Mosquitto.
"""

from musterroll.broker.embedded import EmbeddedBroker

__all__ = ["EmbeddedBroker"]
