"""The agent's state directory: the unit's identity, the saved state, and the lock that keeps a second agent out."""

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from musterroll_agent import AgentError
from musterroll_agent.files import read_json, write_atomically


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
            self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AgentError(f"another musterroll-agent is using {self.path}: stop it first, or see `musterroll-agent status`") from None
        except OSError as error:
            raise self.explain(error) from None

    def identity(self) -> Identity | None:
        """The saved identity, None before enrolment. Raises AgentError where it cannot be read or is damaged."""
        try:
            values = read_json(self.identity_path)
            if not values and not self.identity_path.exists():
                return None
            return Identity(**{name: values[name] for name in Identity._fields if name in values})
        except OSError as error:
            raise self.explain(error) from None
        except TypeError:
            raise AgentError(f"{self.identity_path} is damaged: enrol again with `musterroll-agent enroll --force`") from None

    def save_identity(self, identity: Identity) -> None:
        """Raises AgentError where the directory cannot be written."""
        try:
            write_atomically(self.identity_path, json.dumps(identity._asdict(), indent=1).encode())
        except OSError as error:
            raise self.explain(error) from None

    def read_state(self) -> dict[str, Any]:
        """What the registry last sent and when it was last reached; empty before the first contact."""
        return read_json(self.state_path)

    def save_state(self, state: dict[str, Any]) -> None:
        """Raises OSError: the caller may carry on without it."""
        write_atomically(self.state_path, json.dumps(state, indent=1).encode())
