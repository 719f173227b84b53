"""Child processes that talk in lines of JSON."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.instances import end

_ROOT = Path(__file__).resolve().parents[2]


class Child:
    """`python -m MODULE ARGUMENTS` from the root of the project. `quiet` drops what it says to standard error."""

    def __init__(self, module: str, *arguments: str, environment: dict[str, str] | None = None, quiet: bool = False) -> None:
        self.name = module
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=_ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if quiet else None,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def tell(self, value: Any = None) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(value).encode() + b"\n")
        self._process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        """The next line it says in JSON. Fails where it ended instead."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, f"{self.name} ended with status {self._process.wait()}"
        found: dict[str, Any] = json.loads(line)
        return found

    def stop(self) -> None:
        end(self._process)
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                stream.close()
