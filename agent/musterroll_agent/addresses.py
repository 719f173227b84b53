"""Addresses of the registry and of its broker: names, IPv4, and IPv6 in brackets, link-local ones with a zone (`[fe80::1%eth0]`)."""

from typing import NamedTuple
from urllib.parse import urlsplit

from musterroll_agent import AgentError

BROKER = {"mqtt": 1883, "mqtts": 8883}
REGISTRY = {"http": 80, "https": 443}


class Address(NamedTuple):
    host: str
    port: int
    tls: bool

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse(url: str, what: str, ports: dict[str, int]) -> Address:
    """The address in a URL of one of the schemes in `ports`, which are their default ports. Raises AgentError.

    >>> parse("mqtts://broker.example", "broker", BROKER)
    Address(host='broker.example', port=8883, tls=True)
    >>> str(parse("mqtt://[fe80::1%25eth0]", "broker", BROKER))
    '[fe80::1%eth0]:1883'
    """
    try:
        parts = urlsplit(url)
        scheme, host, port, reason = parts.scheme, parts.hostname, parts.port, ""
    except ValueError as error:
        scheme, host, port, reason = "", None, None, f" ({error})"
    if not host or scheme not in ports:
        forms = " or ".join(f"{name}://host:port" for name in ports)
        raise AgentError(f"the {what} address {url!r} must be {forms}, with brackets around an IPv6 address{reason}")
    return Address(host.replace("%25", "%", 1), port or ports[scheme], scheme.endswith("s"))


def with_zone(url: str, reached: str) -> str:
    """The broker's URL as the registry at the host `reached` gave it: it cannot know by which zone we see its link-local address.

    >>> with_zone("mqtt://[fe80::1]:1883", "fe80::1%eth0"), with_zone("mqtt://broker:1883", "fe80::1%eth0")
    ('mqtt://[fe80::1%eth0]:1883', 'mqtt://broker:1883')
    """
    zone = reached.partition("%")[2]
    link_local = zone and "://[fe80:" in url.lower() and "%" not in url
    return url.replace("]", f"%{zone}]", 1) if link_local else url
