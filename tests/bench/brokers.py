"""A private Mosquitto as the registry is run with in production, where the benchmarks' units and the registry have credentials."""

import subprocess
from pathlib import Path

from tests.support.instances import program, scratch
from tests.support.mosquitto import Mosquitto

REGISTRY = ("registry", "registry-of-the-bench")
PASSWORD = "unit-of-the-bench"  # every unit's: what costs is the check, not the variety

_CONFIG = """
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/access
use_username_as_clientid true
persistence true
persistence_location {folder}/
autosave_interval 5
max_queued_messages 0
max_queued_bytes 1073741824
max_inflight_messages 2000
max_packet_size 65536
"""
_ACCESS = """
user registry
topic readwrite musterroll/1/#
pattern write musterroll/1/%u/birth
pattern write musterroll/1/%u/heartbeat
pattern write musterroll/1/%u/record
pattern write musterroll/1/%u/death
pattern read musterroll/1/%u/receipt
pattern read musterroll/1/%u/command
"""


def broker(passwords: Path) -> Mosquitto:
    """Started anew, with nothing queued. `passwords` is what `password_file` made."""
    folder = scratch()
    (folder / "passwords").write_bytes(passwords.read_bytes())
    (folder / "passwords").chmod(0o600)
    (folder / "access").write_text(_ACCESS)
    (folder / "access").chmod(0o600)
    return Mosquitto(_CONFIG.format(folder=folder), folder)


def password_file(folder: Path, units: list[str]) -> Path:
    path = folder / "passwords"
    path.write_text("".join(f"{name}:{word}\n" for name, word in [REGISTRY, *((unit, PASSWORD) for unit in units)]))
    subprocess.run([program("mosquitto_passwd"), "-U", str(path)], check=True)
    return path
