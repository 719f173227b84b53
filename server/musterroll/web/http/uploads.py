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
    """`choices` are what the user selected for the file, by the name of the form field."""

    key: str
    path: Path
    name: str
    sha256: str
    choices: dict[str, Any]

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        with self.path.open("rb") as file:
            yield file


def store(folder: Path, file: FileStorage, owner: str, choices: dict[str, Any]) -> Upload:
    """Store a file as it was sent, and delete what is older than a day."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _delete_expired(folder)
    key = secrets.token_hex(16)
    path = folder / f"{key}.file"
    file.save(path)
    name = re.split(r"[/\\]", file.filename or "upload")[-1][:200]
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return store_choices(folder, owner, Upload(key, path, name, digest, choices))


def store_choices(folder: Path, owner: str, upload: Upload) -> Upload:
    """Store the choices for a file."""
    about = {"owner": owner, "name": upload.name, "sha256": upload.sha256, "choices": upload.choices}
    (folder / f"{upload.key}.json").write_text(json.dumps(about))
    return upload


def find(folder: Path, key: str, owner: str) -> Upload:
    """Raises NotFound if the upload belongs to another user, is too old or does not exist."""
    description, path = folder / f"{key}.json", folder / f"{key}.file"
    if not _KEY.fullmatch(key) or not description.is_file() or not path.is_file():
        raise NotFound("this upload has expired; choose the file again")
    about = json.loads(description.read_text())
    if about["owner"] != owner:
        raise NotFound("this upload has expired; choose the file again")
    return Upload(key, path, about["name"], about["sha256"], about["choices"])


def delete(upload: Upload) -> None:
    for path in (upload.path, upload.path.with_suffix(".json")):
        path.unlink(missing_ok=True)


def _delete_expired(folder: Path) -> None:
    oldest = time.time() - _LIFE  # noqa: TID251  files are stamped by the system's clock
    for path in folder.iterdir():
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
