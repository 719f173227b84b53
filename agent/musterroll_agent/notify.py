"""What systemd wants to hear from a Type=notify service. Silent where there is no systemd."""

import os
import socket
from collections.abc import Mapping


class Notifier:
    """Sends to the socket in NOTIFY_SOCKET; `beat` is how often, in seconds, the watchdog wants to hear WATCHDOG=1 (0: never)."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        mine = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        micros = environ.get("WATCHDOG_USEC", "0")
        self.beat = int(micros) / 2_000_000 if address and mine and micros.isdigit() else 0.0

    def say(self, **words: str) -> None:
        """`say(READY="1", STATUS="...")`; failures are ignored, as systemd asks."""
        if not self._address:
            return
        text = "\n".join(f"{name}={value}" for name, value in words.items())
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as door:
                door.sendto(text.encode(), self._address)
        except OSError:
            return
