"""The credentials of a simulated fleet in one file, so that the next run resumes the same units."""

import json
import os
from pathlib import Path

from musterroll.domain.values.errors import DomainError
from musterroll.simulator.unit import Identity


class CredentialFile:
    """Credentials by serial. `run` grows at every start, so that the epochs of a run exceed all earlier ones."""

    def __init__(self, path: Path, registry: str) -> None:
        """Reads the file if there is one. Raises DomainError if it is of another kind or belongs to another registry."""
        self.path = path
        self.registry = registry
        self.run = 0
        self.by_serial: dict[str, Identity] = {}
        if path.exists():
            self._read()

    def start_run(self) -> int:
        """Start and save a new run; returns its number."""
        self.run += 1
        self.save()
        return self.run

    def save(self) -> None:
        """Write atomically, readable by the owner only. Raises DomainError."""
        content = {"registry": self.registry, "run": self.run, "units": self.by_serial}
        new_file = self.path.with_suffix(".new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(new_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                json.dump(content, file, separators=(",", ":"))
            new_file.replace(self.path)
        except OSError as error:
            raise DomainError(f"{self.path} cannot be written: {error.strerror}; choose another file with --state") from None

    def _read(self) -> None:
        try:
            content = json.loads(self.path.read_text())
            registry, self.run = content["registry"], content["run"]
            self.by_serial = {serial: Identity(*fields) for serial, fields in content["units"].items()}
        except (OSError, ValueError, TypeError, KeyError):
            raise DomainError(f"{self.path} is not a file of simulated units; choose another with --state, or delete it") from None
        if registry != self.registry:
            raise DomainError(
                f"{self.path} has units enrolled at {registry}, not {self.registry}; choose another with --state, or delete it"
            )
