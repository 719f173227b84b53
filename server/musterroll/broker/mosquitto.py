"""Keeps the password file of a Mosquitto up to date with enrolments, without restarting it."""

import contextlib
import logging
import os
import re
import signal
import tempfile
import time
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from musterroll.broker.topic_access import REGISTRY
from musterroll.domain.enrolment.secrets import CHOSEN_ITERATIONS, hash_secret
from musterroll.domain.values.errors import DomainError
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.usecases.enrolment.broker_logins import Login, password_file, revision, revocations

_REVOCATIONS = re.compile(rb"after ([0-9]+) revocations")
log = logging.getLogger(__name__)
_WORKERS = 8  # ingest processes that deploy/mosquitto/musterroll.acl knows: registry, registry-2, ... registry-8
# At a reload Mosquitto reads every line and checks every connection again, about 80 microseconds each, and does nothing else meanwhile.
# With a large fleet that is too much for every single enrolment: 100,000 credentials (12 MB) are reloaded every 50 seconds at most.
_BYTES_PER_SECOND = 240_000


def provision_mosquitto(database: Database, settings: Settings) -> bool:
    """Write the password file if credentials changed, and make Mosquitto reload it. Returns whether it was written.

    Cheap if nothing changed; safe to call every second. Raises DomainError if the file cannot be written or Mosquitto not be signalled.
    """
    path = settings.mosquitto_password_file
    if path is None:
        return False
    logins = _logins(settings.mqtt_url.get_secret_value() if settings.mqtt_url else "")
    with database.snapshot() as session:
        revoked = revocations(session)
        header = _header(revision(session), revoked, logins)
        if _up_to_date(path, header) or not (_may_reload(path) or revoked != _revocations_in(path)):
            return False
        lines = password_file(session, logins)
    _write(path, header + lines)
    log.info("wrote %d logins for Mosquitto to %s", lines.count(b"\n"), path)
    if settings.mosquitto_pid_file:
        _reload(settings.mosquitto_pid_file)
    return True


@cache
def _logins(url: str) -> tuple[Login, ...]:
    """The registry's own lines, from the URL it connects with. Hashed once per process: the hash is slow on purpose."""
    parts = urlsplit(url)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not user or not password:
        raise DomainError("MUSTERROLL_MQTT_URL names no user and password; Mosquitto needs both, as mqtt://registry:password@host:1883")
    names = [user] + [f"{user}-{number}" for number in range(2, _WORKERS + 1) if user == REGISTRY]
    return tuple(Login(name, hash_secret(password, CHOSEN_ITERATIONS)) for name in names)


def _header(number: int, revoked: int, logins: tuple[Login, ...]) -> bytes:
    """The first line of the file, a comment: the revision, the revocations and the logins it was written for."""
    mark = f"revision {number}, after {revoked} revocations, with {logins[0].secret_hash[-16:-2]}"
    return f"# Written by Musterroll at {mark}; changes made by hand are lost.\n".encode()


def _revocations_in(path: Path) -> int:
    """The revocations that the file knows of: one that it does not know of is no time to spare a broker a reload."""
    with path.open("rb") as file:
        known = _REVOCATIONS.search(file.readline(500))
    return int(known[1]) if known else 0


def _up_to_date(path: Path, header: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file.readline(len(header) + 1) == header
    except FileNotFoundError:
        return False


def _may_reload(path: Path) -> bool:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return True
    age = time.time() - stat.st_mtime  # noqa: TID251  an entry point
    return not 0 <= age < stat.st_size / _BYTES_PER_SECOND


def _write(path: Path, content: bytes) -> None:
    """Replace the file atomically, so that Mosquitto reads the old one or the new one. The group of its folder may read it."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                os.fchmod(file.fileno(), 0o640)
                with contextlib.suppress(PermissionError):
                    os.fchown(file.fileno(), -1, path.parent.stat().st_gid)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise DomainError(f"MUSTERROLL_MOSQUITTO_PASSWORD_FILE {path} cannot be written: {error.strerror}") from None


def _reload(pid_file: Path) -> None:
    """Send SIGHUP to the Mosquitto of a pid file. One that is not running reads the password file when it starts."""
    try:
        pid = int(pid_file.read_text())
        name = Path(f"/proc/{pid}/comm")
        if name.parent.parent.exists() and name.read_text().strip() != "mosquitto":
            raise ProcessLookupError  # the number belongs to another program now
        os.kill(pid, signal.SIGHUP)
    except (FileNotFoundError, ProcessLookupError, ValueError):
        log.info("no Mosquitto runs with the pid in %s; it will read its password file when it starts", pid_file)
    except PermissionError:
        raise DomainError(
            f"may not signal the Mosquitto of {pid_file}; "
            "leave MUSTERROLL_MOSQUITTO_PID_FILE out and install deploy/systemd/mosquitto-reload.path and .service"
        ) from None
