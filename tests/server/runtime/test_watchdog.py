"""What systemd is told, on a real notification socket."""

import socket
import threading
from pathlib import Path

import pytest
from musterroll.runtime.watchdog import watch


def test_systemd_hears_of_the_start_of_progress_and_of_nothing_while_a_process_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("musterroll.runtime.watchdog._SECONDS", 0.01)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    stop, hangs, asked = threading.Event(), threading.Event(), threading.Semaphore(0)

    def progressing() -> bool:
        asked.release()
        return not hangs.is_set()

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(20)
        watching = threading.Thread(target=watch, args=[stop, progressing])
        watching.start()
        assert [systemd.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
        hangs.set()
        while asked.acquire(blocking=False):
            pass
        assert all(asked.acquire(timeout=20) for _ in range(5))
        stop.set()
        watching.join(20)
        said = [systemd.recv(100)]
        while said[-1] != b"STOPPING=1":
            said.append(systemd.recv(100))
        assert said.count(b"WATCHDOG=1") <= 5  # only those from before it hung
