"""Status notifications for systemd (a Type=notify service). Does nothing where there is no systemd."""

import os
import socket
from collections.abc import Mapping


class Notifier:
    """Sends to the socket in NOTIFY_SOCKET. WATCHDOG=1 is due every `watchdog_interval` seconds; 0 where no watchdog is configured."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        for_this_process = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        micros = environ.get("WATCHDOG_USEC", "0")
        self.watchdog_interval = int(micros) / 2_000_000 if address and for_this_process and micros.isdigit() else 0.0

    def send(self, **variables: str) -> None:
        """`send(READY="1", STATUS="...")`. Failures are ignored, as systemd recommends."""
        if not self._address:
            return
        text = "\n".join(f"{name}={value}" for name, value in variables.items())
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.sendto(text.encode(), self._address)
        except OSError:
            return
