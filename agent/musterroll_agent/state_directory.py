"""The agent's state directory: the unit's identity, the saved state, and the lock that keeps a second agent out."""

import contextlib
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from musterroll_agent import AgentError
from musterroll_agent.files import read_json, write_atomically

IDENTITY_BYTES = 4096  # more than one needs


class Identity(NamedTuple):
    """What enrolment returned: the credential, and the serial, maker and model it was issued for."""

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
    epoch: int = 0  # the highest epoch the registry knows of this unit: ours start above it


class StateDirectory:
    """The files of one agent."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.identity_path = path / "identity.json"
        self.enrolment_path = path / "enrolment.json"  # while one is under way
        self.state_path = path / "told.json"
        self.counters_path = path / "counters"
        self.outbox_path = path / "outbox.db"
        self.reserve_path = path / "reserve"
        self._lock: int | None = None

    def create(self) -> None:
        """Create the directory, closed to others. Raises AgentError."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self.explain(error) from None

    def explain(self, error: OSError) -> AgentError:
        return AgentError(
            f"the state directory {self.path} cannot be used ({error.strerror or error}): "
            "run as the user who owns it, free some space, or choose another with --state-dir"
        )

    def lock(self) -> None:
        """Keep a second agent out: two clients with one name would disconnect each other for ever. Raises AgentError."""
        try:
            import fcntl
        except ImportError:  # Windows: the service manager allows one instance only
            return
        try:
            self._lock = self._open_lock()
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AgentError(f"another musterroll-agent is using {self.path}: stop it first, or see `musterroll-agent status`") from None
        except OSError as error:
            raise self.explain(error) from None

    def _open_lock(self) -> int:
        """The lock file, read-only where the disk is, and the directory itself where it can have none."""
        path = self.path / "lock"
        for place, flags in ((path, os.O_RDWR | os.O_CREAT), (path, os.O_RDONLY)):
            with contextlib.suppress(OSError):
                return os.open(place, flags | os.O_CLOEXEC, 0o600)
        return os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)

    def begin_enrolment(self) -> str:
        """The number of this enrolment, drawn once and on the disk, with space left for the identity, before a token is spent.

        Raises AgentError.
        """
        try:
            attempt = read_json(self.enrolment_path).get("attempt")
            if not isinstance(attempt, str):
                attempt = os.urandom(16).hex()
            content = json.dumps({"attempt": attempt}).encode()
            for size in (2 * IDENTITY_BYTES, 0):  # what fits is given back
                write_atomically(self.enrolment_path, content.ljust(size))
        except OSError as error:
            raise self.explain(error) from None
        return attempt

    def end_enrolment(self) -> None:
        with contextlib.suppress(OSError):
            self.enrolment_path.unlink()

    def identity(self) -> Identity | None:
        """The saved identity, None before enrolment. Raises AgentError where it cannot be read or is damaged."""
        try:
            values = read_json(self.identity_path)
            if not values and not self.identity_path.exists():
                return None
            identity = Identity(**{name: values[name] for name in Identity._fields if name in values})
        except OSError as error:
            raise self.explain(error) from None
        except TypeError:
            identity = None
        if identity is None or not all(
            type(value) is kind for value, kind in zip(identity, Identity.__annotations__.values(), strict=True)
        ):
            raise AgentError(f"{self.identity_path} is damaged: enrol again with `musterroll-agent enroll --force`")
        return identity

    def save_identity(self, identity: Identity) -> None:
        """Raises AgentError where the directory cannot be written."""
        try:
            write_atomically(self.identity_path, json.dumps(identity._asdict(), indent=1).encode())
        except OSError as error:
            raise self.explain(error) from None

    def read_state(self) -> dict[str, Any]:
        """What the registry last sent and when it was last reached; empty before the first contact, or where it cannot be read."""
        try:
            return read_json(self.state_path)
        except PermissionError:
            return {}

    def save_state(self, state: dict[str, Any]) -> None:
        """Raises OSError: the caller may carry on without it."""
        write_atomically(self.state_path, json.dumps(state, indent=1).encode())
