"""The state directory: who this unit is to the registry, what it was told, and the lock that keeps a second agent out."""

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from musterroll_agent import Trouble
from musterroll_agent.files import read_json, write_whole


class Identity(NamedTuple):
    """What enrolment gave: the credential, and the claim it was given for."""

    unit: str
    secret: str
    mqtt_url: str
    registry: str
    serial: str
    maker: str
    model: str
    interval: int = 60
    status: str = "active"
    source: str = "given"  # where the serial came from; a given one is never replaced by a probed one
    ca: str = ""
    epoch: int = 0  # the registry knows older ones of this unit: ours begin above it


class Home:
    """The files of one agent under one directory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.identity_path = path / "identity.json"
        self.told_path = path / "told.json"
        self.counters_path = path / "counters"
        self.outbox_path = path / "outbox.db"
        self.reserve_path = path / "reserve"
        self._lock: int | None = None

    def make(self) -> None:
        """Create the directory, closed to others. Raises Trouble."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self.trouble(error) from None

    def trouble(self, error: OSError) -> Trouble:
        return Trouble(
            f"the state directory {self.path} cannot be used ({error.strerror or error}): "
            "run as the user who owns it, free some space, or name another with --state-dir"
        )

    def lock(self) -> None:
        """Keep a second agent out: two clients of one name throw each other off the broker for ever. Raises Trouble."""
        try:
            import fcntl
        except ImportError:  # Windows: the service manager keeps one instance
            return
        try:
            self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Trouble(f"another musterroll-agent runs on {self.path}: stop it first, or see `musterroll-agent status`") from None
        except OSError as error:
            raise self.trouble(error) from None

    def identity(self) -> Identity | None:
        """The saved identity, None before enrolment. Raises Trouble where it cannot be read or is damaged."""
        try:
            found = read_json(self.identity_path)
            if not found and not self.identity_path.exists():
                return None
            return Identity(**{name: found[name] for name in Identity._fields if name in found})
        except OSError as error:
            raise self.trouble(error) from None
        except TypeError:
            raise Trouble(f"{self.identity_path} is damaged: enrol again with `musterroll-agent enroll --force`") from None

    def save_identity(self, identity: Identity) -> None:
        """Raises Trouble where the directory cannot be written."""
        try:
            write_whole(self.identity_path, json.dumps(identity._asdict(), indent=1).encode())
        except OSError as error:
            raise self.trouble(error) from None

    def told(self) -> dict[str, Any]:
        """What the registry told last, and when it was reached; empty where nothing is known."""
        return read_json(self.told_path)

    def save_told(self, told: dict[str, Any]) -> None:
        """Raises OSError: the caller may go on without."""
        write_whole(self.told_path, json.dumps(told, indent=1).encode())
