"""Files that are either complete or absent: written to a temporary file, flushed to the disk, then renamed."""

import contextlib
import json
import os
from pathlib import Path
from typing import Any


def write_atomically(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace `path` so that a crash leaves the old content or the new. The directory's owner becomes the file's owner. Raises OSError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            _give_to_owner(descriptor, path.parent)
            file.flush()
            os.fsync(descriptor)
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    flush_directory(path.parent)


def flush_directory(path: Path) -> None:
    if os.name != "posix":  # elsewhere a directory cannot be opened, and renames are journalled
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _give_to_owner(descriptor: int, directory: Path) -> None:
    """Enrolment runs as root, the service does not."""
    if os.name == "posix" and os.geteuid() == 0:
        owner = directory.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty where the file is missing or damaged. Raises PermissionError."""
    try:
        value = json.loads(path.read_bytes())
    except PermissionError:
        raise
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
