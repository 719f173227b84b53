"""The credentials of a simulated fleet in one file, so that the next run resumes the same units."""

import json
import os
from pathlib import Path

from musterroll.domain.values.errors import DomainError
from musterroll.simulator.unit import Identity


class Identities:
    """Credentials by serial. `run` grows at every start, so that the epochs of a run exceed all earlier ones."""

    def __init__(self, path: Path, registry: str) -> None:
        """Reads the file if there is one. Raises DomainError if it is of another kind or belongs to another registry."""
        self.path = path
        self.registry = registry
        self.run = 0
        self.of: dict[str, Identity] = {}
        if path.exists():
            self._read()

    def start_run(self) -> int:
        """Start and save a new run; returns its number."""
        self.run += 1
        self.save()
        return self.run

    def save(self) -> None:
        """Write atomically, readable by the owner only. Raises DomainError."""
        found = {"registry": self.registry, "run": self.run, "units": self.of}
        fresh = self.path.with_suffix(".new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                json.dump(found, file, separators=(",", ":"))
            fresh.replace(self.path)
        except OSError as error:
            raise DomainError(f"{self.path} cannot be written: {error.strerror}; choose another file with --state") from None

    def _read(self) -> None:
        try:
            found = json.loads(self.path.read_text())
            registry, self.run = found["registry"], found["run"]
            self.of = {serial: Identity(*fields) for serial, fields in found["units"].items()}
        except (OSError, ValueError, TypeError, KeyError):
            raise DomainError(f"{self.path} is not a file of simulated units; choose another with --state, or delete it") from None
        if registry != self.registry:
            raise DomainError(
                f"{self.path} has units enrolled at {registry}, not {self.registry}; choose another with --state, or delete it"
            )
