"""Web addresses that messages may be sent to, and which network addresses are off limits."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple
from urllib.parse import urlsplit

from pydantic import BaseModel, Field

from musterroll.channels.channel import BadAddress

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:.]+")
_TRANSLATED = ip_network("64:ff9b::/96")  # an IPv4 address behind NAT64
_UNICAST = ip_network("2000::/3")  # the only block that IANA gives to hosts on the Internet
# Special in IANA's registries, but global to `ipaddress`: protocol assignments, relays of 6to4, documentation.
_SPECIAL = [ip_network(block) for block in ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")]


class HttpSettings(BaseModel):
    """Settings of all channels that send by HTTP."""

    webhook_hosts: list[str] = Field(
        default=[], description="Host names in the private network that webhooks may be sent to, comma-separated."
    )


class HttpAddress(NamedTuple):
    """A web address, taken apart."""

    secure: bool
    host: str
    port: int
    path: str  # with its query


def parse_http_address(url: str) -> HttpAddress:
    """Raises BadAddress.

    >>> parse_http_address("https://example.com/hooks/1?key=2")
    HttpAddress(secure=True, host='example.com', port=443, path='/hooks/1?key=2')
    """
    text = url.strip()
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise BadAddress("the webhook address is not valid; enter it as https://example.com/hook") from None
    if parts.scheme not in ("https", "http") or not parts.hostname or not _HOST.fullmatch(parts.hostname):
        raise BadAddress("a webhook address must begin with https:// and a host name, as in https://example.com/hook")
    if parts.username is not None or parts.password is not None:
        raise BadAddress("a webhook address must not contain a user name or password")
    if not text.isascii() or not text.isprintable() or " " in text or parts.fragment:
        raise BadAddress("a webhook address must be plain ASCII without spaces and without a # part")
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return HttpAddress(secure, parts.hostname, port or (443 if secure else 80), path)


def is_public(address: str) -> bool:
    """Whether a network address is on the public Internet: not private, local, reserved, or embedding one that is.

    >>> [is_public(address) for address in ("93.184.216.34", "2606:2800::1", "64:ff9b::5db8:d822")]
    [True, True, True]
    >>> [is_public(address) for address in ("10.0.0.1", "169.254.169.254", "192.0.0.192", "::1", "::ffff:127.0.0.1", "64:ff9b::a00:1")]
    [False, False, False, False, False, False]
    >>> [is_public(address) for address in ("::127.0.0.1", "64:ff9b:1::5db8:d822", "fec0::1", "3fff::1", "2002:7f00:1::")]
    [False, False, False, False, False]
    """
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        embedded = _embedded_ipv4(ip)
        if embedded is not None:
            return is_public(str(embedded))
        if ip not in _UNICAST:
            return False
    return ip.is_global and not ip.is_multicast and not any(ip in block for block in _SPECIAL)


def _embedded_ipv4(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address embeds."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _TRANSLATED else None
