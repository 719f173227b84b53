"""A folder that is watched: each new or changed file in it is a document. Also folders of S3, SFTP and whatever else fsspec opens."""

import fnmatch
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import urlsplit

from musterroll.domain.values.errors import DomainError
from musterroll.sources import time_limit
from musterroll.sources.host_keys import host_key_policy
from musterroll.sources.policy import SourceSettings, check_folder, check_url
from musterroll.sources.source import Delivery, Request, Setting, SourceProblem, SourceType

_SCHEMES = ("s3", "sftp")
_REASONS = {
    "FileNotFoundError": "No such file or directory",
    "PermissionError": "Permission denied",
    "AuthenticationException": "the user or the password is not accepted",
}
_QUIET = 2.0  # seconds a local file must have been left alone: it may still be being written
_CHUNK = 1 << 20  # bytes
_MOST_SEEN = 5_000  # files remembered


class _File(NamedTuple):
    path: str
    changed: float
    mark: str  # changes when the file does


def check(settings: Mapping[str, str], policy: SourceSettings) -> None:
    path = settings["path"]
    scheme = urlsplit(path).scheme
    if not scheme:
        check_folder(path, policy)
    elif scheme not in _SCHEMES:
        raise DomainError(
            f"the path {path[:80]!r} must be a folder of this machine, s3://bucket/folder or sftp://host/folder", "bad_folder"
        )
    elif (host := urlsplit(path).hostname if scheme == "sftp" else _endpoint(settings, policy)) and host not in policy.source_hosts:
        raise DomainError(f"add {host} to MUSTERROLL_SOURCE_HOSTS to fetch from it", "bad_folder")


def _endpoint(settings: Mapping[str, str], policy: SourceSettings) -> str:
    """The host of S3 where it is not Amazon's."""
    return check_url(settings["endpoint"], policy) if settings.get("endpoint") else ""


def fetch(request: Request, file: BinaryIO) -> Delivery | None:
    """The oldest file that is new or has changed since it was imported; last those that could not be read."""
    check(request.settings, request.policy)
    seen, failed = dict(request.cursor.get("seen", {})), dict(request.cursor.get("failed", {}))
    with _explained("the folder"):
        system, folder = _opened(request)
        entries = _files(system, folder, request.get("pattern", "*"))
    new = sorted((entry for entry in entries if seen.get(entry.path) != entry.mark), key=lambda entry: failed.get(entry.path) == entry.mark)
    read = _first_readable(system, new, file)
    if read is None:
        return None
    marks = {entry.path: entry.mark for entry in entries}
    seen, failed = ({path: mark for path, mark in known.items() if path in marks and path != read.path} for known in (seen, failed))
    marks = dict([*seen.items(), (read.path, read.mark)][-_MOST_SEEN:])
    passing = {"seen": seen, "failed": {**failed, read.path: read.mark}}
    return Delivery(Path(read.path).name, _cursor(marks, failed), more=len(new) > 1, passing=passing)


def _cursor(seen: Mapping[str, str], failed: Mapping[str, str]) -> dict[str, Any]:
    return {"seen": seen, **({"failed": failed} if failed else {})}


def _first_readable(system: Any, entries: list[_File], file: BinaryIO) -> _File | None:
    """Write the first of these files that can be read. Raises SourceProblem that names the first one, where there is none."""
    problem = None
    for entry in entries:
        try:
            with _explained(Path(entry.path).name), system.open(entry.path, "rb") as source:
                while content := source.read(_CHUNK):
                    time_limit.check()
                    file.write(content)
            return entry
        except SourceProblem as unreadable:
            problem = problem or unreadable
            file.seek(0)
            file.truncate()
    if problem:
        raise problem
    return None


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Say in one sentence why a folder or a file cannot be read. Each package has errors of its own."""
    try:
        yield
    except DomainError:
        raise
    except Exception as error:
        why = _REASONS.get(type(error).__name__) or getattr(error, "strerror", None) or type(error).__name__
        raise SourceProblem(f"{what} cannot be read: {why}") from None


def _opened(request: Request) -> tuple[Any, str]:
    import fsspec

    path = request.settings["path"]
    options: dict[str, Any] = {"skip_instance_cache": True}  # a connection of before may be dead
    if urlsplit(path).scheme == "s3":
        options |= {"key": request.get("user") or None, "secret": request.get("password") or None}
        options["use_listings_cache"] = False  # what was listed before is not what is there
        if endpoint := request.get("endpoint"):
            options["client_kwargs"] = {"endpoint_url": endpoint}
    elif urlsplit(path).scheme == "sftp":
        options |= {"username": request.get("user"), "password": request.get("password"), "allow_agent": False, "look_for_keys": False}
    try:
        if urlsplit(path).scheme == "sftp":
            options["host_key_policy"] = host_key_policy(request.get("host_key"))
        opened: tuple[Any, str] = fsspec.core.url_to_fs(path, **options)
    except ImportError:
        raise SourceProblem("this path needs a further package: pip install 'musterroll[s3]' (S3) or 'musterroll[sftp]' (SFTP)") from None
    return opened


def _files(system: Any, folder: str, pattern: str) -> list[_File]:
    """The files of a folder, oldest first, without hidden ones and those still being written."""
    import time

    entries = []
    for facts in system.ls(folder, detail=True):
        path, changed = facts["name"], facts.get("mtime") or facts.get("LastModified") or 0
        when = changed.timestamp() if hasattr(changed, "timestamp") else float(changed)
        name = path.rsplit("/", 1)[-1]
        if facts["type"] != "file" or name.startswith((".", "~")) or facts.get("islink") or not fnmatch.fnmatch(name, pattern):
            continue
        if 0 <= time.time() - when < _QUIET:  # noqa: TID251  a file's own clock is the machine's
            continue
        entries.append(_File(path, when, f"{when}:{facts.get('size')}"))
    return sorted(entries, key=lambda entry: (entry.changed, entry.path))


FOLDER = SourceType(
    "folder",
    "Folder",
    "a folder of this machine, of S3 or SFTP: each new or changed file is a document",
    (
        Setting("path", "Folder", "/srv/lists, s3://bucket/lists or sftp://host/lists", required=True),
        Setting("pattern", "File names", "*.csv; default: all"),
        Setting("user", "User or access key"),
        Setting("password", "Password or secret key", secret=True),
        Setting("endpoint", "S3 endpoint", "for S3 of others than Amazon"),
        Setting("host_key", "Host key of SFTP", "its fingerprint, SHA256:..., as ssh-keygen -l prints it"),
    ),
    fetch,
    check,
)
