"""The broker's address and our login there, from one URL."""

import hashlib
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from musterroll.domain.values.errors import DomainError
from musterroll.listening import authority, host_of


class BrokerAddress(NamedTuple):
    host: str
    port: int
    user: str
    password: str | None
    tls: bool
    ca: Path | None

    def __str__(self) -> str:
        return authority(self.host, self.port)


def parse(url: str, ca: Path | None = None) -> BrokerAddress:
    """The address in `mqtt[s]://user:password@host[:port]`. Raises DomainError.

    >>> parse("mqtts://registry:s3@broker").port, parse("mqtt://registry:s3@[fe80::1%25eth0]").host
    (8883, 'fe80::1%eth0')
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # a port that is none, or brackets round no IPv6 address
        parts, port = urlsplit(""), None
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or port == 0:
        raise DomainError("MUSTERROLL_MQTT_URL is not a broker URL; write mqtt://user:password@host:1883, or mqtts:// for TLS")
    if not parts.username:
        raise DomainError("MUSTERROLL_MQTT_URL names no user; the registry needs one of its own, as mqtt://registry:password@host:1883")
    tls = parts.scheme == "mqtts"
    password = unquote(parts.password) if parts.password is not None else None
    return BrokerAddress(host_of(parts.hostname), port or (8883 if tls else 1883), unquote(parts.username), password, tls, ca)


def share_group(name: str, address: BrokerAddress) -> str:
    """The group of a shared subscription as the broker sees it: `name` and a digest of the registry's password.

    Mosquitto grants any subscription and checks access only at delivery: a unit that knew the group could join it, and every second
    message would be assigned to it, denied, and lost.
    """
    secret = hashlib.pbkdf2_hmac("sha256", (address.password or "").encode(), name.encode(), 10_000)
    return f"{name}-{secret[:12].hex()}"
