"""How the units of a product are counted as licences: each, each host once, or the processor cores of the hosts."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class LicenceRule(StrEnum):
    UNIT = "unit"
    HOST = "host"
    CORE = "core"


class Placed(NamedTuple):
    """A unit: the host it runs on, and the processor cores of that host, as far as they are known."""

    host: str | None = None
    cores: int | None = None


def licences_of(units: Iterable[Placed], rule: LicenceRule) -> int:
    """The licences that units take. A unit without a host is one of its own; a host without cores counts as one core.

    >>> containers = [Placed("h1", 8), Placed("h1", 8), Placed("h2"), Placed()]
    >>> [licences_of(containers, rule) for rule in LicenceRule]
    [4, 3, 10]
    """
    hosts: dict[str, int] = {}
    alone = []
    for unit in units:
        cores = max(unit.cores or 1, 1)
        if unit.host and rule is not LicenceRule.UNIT:
            hosts[unit.host] = max(hosts.get(unit.host, 1), cores)
        else:
            alone.append(cores)
    if rule is LicenceRule.CORE:
        return sum(hosts.values()) + sum(alone)
    return len(hosts) + len(alone)
