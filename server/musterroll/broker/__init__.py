"""The embedded broker: MQTT 3.1.1, QoS 0 and 1, in a thread of its own, for a registry that runs in one process.

It serves units, each limited to its own topics, and the registry, which may subscribe to all of them. It stores messages in memory only:
units send everything again until the registry's receipt. Larger fleets use Mosquitto.
"""

from musterroll.broker.embedded import EmbeddedBroker

__all__ = ["EmbeddedBroker"]
