"""A private Mosquitto as the registry is run with in production, where the benchmarks' units and the registry have credentials."""

import re
import subprocess
from pathlib import Path

from tests.support.instances import program, scratch
from tests.support.mosquitto import Mosquitto

REGISTRY = ("registry", "registry-of-the-bench")
PASSWORD = "unit-of-the-bench"  # every unit's: what costs is the check, not the variety

_DEPLOY = Path(__file__).resolve().parents[2] / "deploy" / "mosquitto"


def broker(passwords: Path) -> Mosquitto:
    """Mosquitto as `deploy/mosquitto` sets it up, with a listener of its own, nothing queued. `passwords` is what `password_file` made."""
    folder = scratch()
    for name, content in (("passwords", passwords.read_bytes()), ("musterroll.acl", (_DEPLOY / "musterroll.acl").read_bytes())):
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)
    shared = (_DEPLOY / "mosquitto.conf").read_text().partition("\nlistener ")[0]
    config = re.sub(r"/mosquitto/(config|data|credentials)", str(folder), shared)
    return Mosquitto(f"{config}\nuse_username_as_clientid true\n", folder)


def password_file(folder: Path, units: list[str]) -> Path:
    path = folder / "passwords"
    path.write_text("".join(f"{name}:{word}\n" for name, word in [REGISTRY, *((unit, PASSWORD) for unit in units)]))
    subprocess.run([program("mosquitto_passwd"), "-U", str(path)], check=True)
    return path
