"""Telling systemd that a process is up, and that it makes progress: one that hangs is restarted (WatchdogSec in deploy/systemd)."""

import logging
import threading
from collections.abc import Callable

from musterroll_agent.systemd import Notifier

log = logging.getLogger(__name__)
_SECONDS = 2.0


def watch(stop: threading.Event, progressing: Callable[[], bool], repair: Callable[[], None] = lambda: None) -> None:
    """Until `stop` is set, call `repair` every two seconds, and tell systemd of every time that the process is `progressing`."""
    notifier, was_well = Notifier(), True
    notifier.send(READY="1")
    while not stop.wait(_SECONDS):
        repair()
        well = progressing()
        if well:
            notifier.send(WATCHDOG="1")
        elif was_well:
            log.error("this process hangs: nothing has been finished for a minute; it should be restarted")
        was_well = well
    notifier.send(STOPPING="1")
