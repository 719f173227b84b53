"""Which SFTP server is the right one: the one with the host key that the source names."""

import base64
import hashlib
from typing import Any

from musterroll.sources.source import SourceProblem


def host_key_policy(known: str) -> Any:
    """What decides on the key of a server, for paramiko. `known`: the fingerprint of the right one; without it, none is right."""
    import paramiko

    class Known(paramiko.MissingHostKeyPolicy):  # type: ignore[misc,name-defined,unused-ignore]
        def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:
            """Raises SourceProblem for a key that is not the known one."""
            shown = fingerprint(key.asbytes())
            if not known:
                raise SourceProblem(f"the host key of {hostname} is not known: if {shown} is right, say so in the setting host_key")
            if shown != known.strip():
                raise SourceProblem(f"{hostname} has another host key than it should, {shown}: it may be another server")

    return Known()


def fingerprint(key: bytes) -> str:
    """As OpenSSH shows a key.

    >>> fingerprint(b"key")
    'SHA256:LHDhK3oGRvkiefQnx7OOczTY5Tic/xZ6HcMOc/gmtoM'
    """
    return f"SHA256:{base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip('=')}"
