"""Helpers for private instances: a free port, a scratch folder, child processes that are always ended."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def scratch(owner: str | None = None) -> Path:
    """A short-lived folder, owned by `owner` where we are root (servers that refuse root need it)."""
    path = Path(tempfile.mkdtemp(prefix="musterroll-"))
    if owner and os.geteuid() == 0:
        entry = pwd.getpwnam(owner)
        os.chown(path, entry.pw_uid, entry.pw_gid)
    return path


def program(name: str, *places: str) -> str:
    """The path of a program, also looked for where Debian keeps servers. Fails with the package to install."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", *places]))
    assert found, f"{name} is not installed; `make test` installs it where it may: apt-get install {name}"
    return found


def until(condition: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Wait for a condition that another process brings about. Fails saying `what` did not happen."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.01)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def end(child: subprocess.Popen[Any], by: signal.Signals = signal.SIGTERM, seconds: float = 10.0) -> None:
    """End a child we started, harder where it does not go."""
    if child.poll() is None:
        child.send_signal(by)
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
    child.wait()
