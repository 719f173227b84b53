"""paho-mqtt without the modules it imports but this agent never uses.

`urllib.request` serves only proxies and `ssl` only TLS; together they are a third of the agent's memory and half of its start. While
paho is imported they are stood in for by modules that load the real one at the first use, so nothing of paho changes but when it loads.
"""

import importlib
import sys
import types
from typing import Any


class Later(types.ModuleType):
    """A module that is imported when something of it is first used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(importlib.import_module(self.__name__), name)


class _NoTls(Later):
    """On a plain connection paho still names these two in its `except` clauses; nothing can raise them there."""

    class SSLWantReadError(Exception):
        pass

    class SSLWantWriteError(Exception):
        pass


def import_paho(tls: bool) -> Any:
    """The module `paho.mqtt.client`. One process speaks either TLS or not, so the first call decides."""
    import urllib

    absent: list[Later] = [Later(name) for name in ("urllib.request", "hashlib", "base64") if name not in sys.modules]
    if not tls and "ssl" not in sys.modules:
        absent.append(_NoTls("ssl"))
    sys.modules.update({module.__name__: module for module in absent})
    if "urllib.request" in sys.modules:
        urllib.request = sys.modules["urllib.request"]
    try:
        from paho.mqtt import client
    finally:
        for module in absent:
            if sys.modules.get(module.__name__) is module:
                del sys.modules[module.__name__]
    return client
