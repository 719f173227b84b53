"""Addresses as they are written, and sockets that listen on them: IPv4, IPv6 in brackets, and link-local IPv6 with a zone."""

import contextlib
import ipaddress
import socket

ANY = frozenset(("0.0.0.0", "::"))  # noqa: S104 - every interface; `::` serves IPv4 as well


def authority(host: str, port: int) -> str:
    """Host and port as in a URL.

    >>> authority("127.0.0.1", 80), authority("::1", 80), authority("fe80::1%eth0", 80)
    ('127.0.0.1:80', '[::1]:80', '[fe80::1%25eth0]:80')
    """
    return f"[{host.replace('%', '%25')}]:{port}" if ":" in host else f"{host}:{port}"


def host_of(name: str) -> str:
    """The host in a URL's authority, as sockets take it: a zone is written with `%25` or `%`.

    >>> host_of("fe80::1%25eth0"), host_of("broker")
    ('fe80::1%eth0', 'broker')
    """
    return name.replace("%25", "%") if ":" in name else name


def local_host(host: str) -> str:
    """Where this machine reaches what listens on `host`.

    >>> local_host("0.0.0.0"), local_host("::"), local_host("fe80::1%eth0")
    ('127.0.0.1', '::1', 'fe80::1%eth0')
    """
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def link_local(host: str) -> bool:
    """Whether an address holds on one link only, with a zone that each machine names for itself.

    >>> link_local("fe80::1%eth0"), link_local("::1"), link_local("broker")
    (True, False, False)
    """
    try:
        return ipaddress.ip_address(host).is_link_local
    except ValueError:
        return False


def dual_stack(host: str, port: int) -> socket.socket | None:
    """A socket that serves IPv6 and IPv4, which servers would not open on `::` by themselves; None for other hosts. Raises OSError."""
    if host != "::" or not socket.has_dualstack_ipv6():
        return None
    return socket.create_server((host, port), family=socket.AF_INET6, backlog=1024, dualstack_ipv6=True)


def allow_many_sockets() -> None:
    """Raise this process's soft limit of open files to the hard one: the usual 1,024 is too low even for a small fleet."""
    try:
        import resource
    except ImportError:  # not a POSIX system
        return
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
