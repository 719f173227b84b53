"""Imports paho-mqtt without the modules it loads but this agent never uses.

`urllib.request` is only needed for proxies and `ssl` only for TLS; together they are a third of the agent's memory and half of its start-up
time. While paho is imported, stand-ins take their place that load the real module on first use: nothing of paho changes except when it
loads.
"""

import importlib
import sys
import types
from typing import Any


class LazyModule(types.ModuleType):
    """A module that is imported when one of its attributes is first used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(importlib.import_module(self.__name__), name)


class _UnusedSsl(LazyModule):
    """Without TLS paho still names these two in its `except` clauses, though nothing can raise them."""

    class SSLWantReadError(Exception):
        pass

    class SSLWantWriteError(Exception):
        pass


def import_paho(tls: bool) -> Any:
    """The module `paho.mqtt.client`. A process uses TLS or does not, so the first call decides."""
    import urllib

    stand_ins: list[LazyModule] = [LazyModule(name) for name in ("urllib.request", "hashlib", "base64") if name not in sys.modules]
    if not tls and "ssl" not in sys.modules:
        stand_ins.append(_UnusedSsl("ssl"))
    sys.modules.update({module.__name__: module for module in stand_ins})
    if "urllib.request" in sys.modules:
        urllib.request = sys.modules["urllib.request"]
    try:
        from paho.mqtt import client
    finally:
        for module in stand_ins:
            if sys.modules.get(module.__name__) is module:
                del sys.modules[module.__name__]
    return client
