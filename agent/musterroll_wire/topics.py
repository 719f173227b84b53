"""Builds and parses every topic of the wire.

A topic is `musterroll/1/<unit>/<kind>`: the unit id the registry issued at enrolment, then the kind of message.

>>> build("k3v9x2m7qd", "heartbeat")
'musterroll/1/k3v9x2m7qd/heartbeat'
>>> parse("musterroll/1/k3v9x2m7qd/heartbeat")
Topic(unit='k3v9x2m7qd', kind='heartbeat')
"""

import re
from typing import NamedTuple

PREFIX = "musterroll/1/"
UP = ("birth", "heartbeat", "record", "death")
DOWN = ("receipt", "command")
CANARY = "canary"  # the registry's messages to itself through the broker, under its own name
KINDS = frozenset((*UP, *DOWN, CANARY))

_UNIT = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Topic(NamedTuple):
    unit: str
    kind: str


def valid_unit(unit: str) -> bool:
    """Whether `unit` may stand in a topic: 1 to 64 of `A-Z a-z 0-9 _ -`.

    >>> valid_unit("k3v9x2m7qd"), valid_unit("a/b"), valid_unit("+")
    (True, False, False)
    """
    return _UNIT.fullmatch(unit) is not None


def build(unit: str, kind: str) -> str:
    """The topic of one unit and kind of message. Raises ValueError where either is not part of the contract."""
    if not valid_unit(unit) or kind not in KINDS:
        raise ValueError(f"no topic for unit {unit!r} and kind {kind!r}")
    return f"{PREFIX}{unit}/{kind}"


def parse(topic: str) -> Topic | None:
    """The unit and kind of a topic, or None where it is not part of the contract.

    >>> parse("other/1/x/birth") is None, parse("musterroll/1/a/b/birth") is None
    (True, True)
    """
    unit, slash, kind = topic.removeprefix(PREFIX).partition("/")
    if not slash or not topic.startswith(PREFIX) or kind not in KINDS or not valid_unit(unit):
        return None
    return Topic(unit, kind)


def topic_filter(kind: str) -> str:
    """The filter that subscribes to one kind of message from all units.

    >>> topic_filter("birth")
    'musterroll/1/+/birth'
    """
    return f"{PREFIX}+/{kind}"
