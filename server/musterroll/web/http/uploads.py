"""Uploaded files, stored from the dry run to the commit: under a random name, for their owner only, for a day."""

import hashlib
import json
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from werkzeug.datastructures import FileStorage

from musterroll.domain.values.errors import NotFound

_LIFE = 24 * 3600.0
_KEY = re.compile(r"[0-9a-f]{32}")


class Upload(NamedTuple):
    """`said` is what the person chose for it, by the name of the form's field."""

    key: str
    path: Path
    name: str
    sha256: str
    said: dict[str, Any]

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        with self.path.open("rb") as file:
            yield file


def keep(folder: Path, file: FileStorage, owner: str, said: dict[str, Any]) -> Upload:
    """Keep a file as it was sent. What is older than a day is thrown away on the way."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _sweep(folder)
    key = secrets.token_hex(16)
    path = folder / f"{key}.file"
    file.save(path)
    name = re.split(r"[/\\]", file.filename or "upload")[-1][:200]
    with path.open("rb") as kept:
        digest = hashlib.file_digest(kept, "sha256").hexdigest()
    return note(folder, owner, Upload(key, path, name, digest, said))


def note(folder: Path, owner: str, upload: Upload) -> Upload:
    """Keep what was chosen for a file."""
    about = {"owner": owner, "name": upload.name, "sha256": upload.sha256, "said": upload.said}
    (folder / f"{upload.key}.json").write_text(json.dumps(about))
    return upload


def find(folder: Path, key: str, owner: str) -> Upload:
    """Raises NotFound where it is another person's, too old, or never was."""
    about, path = folder / f"{key}.json", folder / f"{key}.file"
    if not _KEY.fullmatch(key) or not about.is_file() or not path.is_file():
        raise NotFound("this upload has expired; choose the file again")
    told = json.loads(about.read_text())
    if told["owner"] != owner:
        raise NotFound("this upload has expired; choose the file again")
    return Upload(key, path, told["name"], told["sha256"], told["said"])


def drop(upload: Upload) -> None:
    for path in (upload.path, upload.path.with_suffix(".json")):
        path.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    oldest = time.time() - _LIFE  # noqa: TID251  files are stamped by the system's clock
    for path in folder.iterdir():
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
