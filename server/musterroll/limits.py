"""Rate limits per client. Kept in memory, per process: they slow down guessing, they do not count exactly."""

import ipaddress
import threading
import time
from collections import OrderedDict

_MAX_CLIENTS = 10_000  # clients; the least recently seen are forgotten first


class RateLimit:
    """A token bucket per client (an address or a name): `burst` tries, refilled by one every `seconds`. Callers decide what counts."""

    def __init__(self, burst: int = 20, seconds: float = 6.0) -> None:
        self._burst = burst
        self._seconds = seconds
        self._used: OrderedDict[str, tuple[float, float]] = OrderedDict()  # remaining count, time
        self._lock = threading.Lock()

    def wait(self, address: str) -> float:
        """Seconds until the client may try again; 0 if it may now."""
        with self._lock:
            return max(0.0, (self._tries(_network(address), time.monotonic()) - self._burst + 1) * self._seconds)

    def count(self, address: str) -> None:
        network, now = _network(address), time.monotonic()
        with self._lock:
            self._used[network] = (self._tries(network, now) + 1, now)
            self._used.move_to_end(network)
            while len(self._used) > _MAX_CLIENTS:
                self._used.popitem(last=False)

    def _tries(self, network: str, now: float) -> float:
        tries, at = self._used.get(network, (0.0, now))
        return max(0.0, tries - (now - at) / self._seconds)


def _network(address: str) -> str:
    """The network one client controls: an IPv4 address, or a /64 of IPv6.

    >>> _network("192.0.2.7"), _network("2001:db8::7"), _network("unix")
    ('192.0.2.7', '2001:db8::/64', 'unix')
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return address if parsed.version == 4 else str(ipaddress.ip_network((parsed, 64), strict=False))
