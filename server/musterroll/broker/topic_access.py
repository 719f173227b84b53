"""Who may publish and subscribe to which topics. Pure; `deploy/mosquitto/` has the same rules for Mosquitto."""

from musterroll_wire.topics import DOWN, PREFIX, UP

REGISTRY = "registry"


def may_use_client_id(user: str, client_id: str) -> bool:
    """Whether a user may connect as a client id: a unit only as itself, the registry as `registry` or `registry-anything`.

    >>> may_use_client_id("k3v9", "k3v9"), may_use_client_id("k3v9", "registry"), may_use_client_id("registry", "registry-2")
    (True, False, True)
    """
    return client_id == user or (user == REGISTRY and client_id.startswith(f"{REGISTRY}-"))


def may_publish(user: str, topic: str) -> bool:
    """Whether a user may publish to a topic: a unit only to its own.

    >>> may_publish("k3v9", "musterroll/1/k3v9/birth"), may_publish("k3v9", "musterroll/1/other/birth"), may_publish("k3v9", "x")
    (True, False, False)
    """
    return _may_access(user, topic, UP)


def may_subscribe(user: str, topic_filter: str) -> bool:
    """Whether a user may subscribe to a filter: a unit only to its own topics by name, never by wildcard.

    >>> may_subscribe("k3v9", "musterroll/1/k3v9/receipt"), may_subscribe("k3v9", "musterroll/1/+/receipt"), may_subscribe("k3v9", "#")
    (True, False, False)
    """
    return _may_access(user, topic_filter, DOWN)


def _may_access(user: str, topic: str, kinds: tuple[str, ...]) -> bool:
    if user == REGISTRY:
        return topic.startswith(PREFIX)
    unit, slash, kind = topic.removeprefix(PREFIX).partition("/")
    return topic.startswith(PREFIX) and bool(slash) and unit == user and kind in kinds
