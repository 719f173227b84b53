"""Keeping the password file of a Mosquitto in step with enrolments, without restarting it."""

import contextlib
import logging
import os
import signal
import tempfile
import time
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from musterroll.broker.access import REGISTRY
from musterroll.domain.enrolment.secrets import CHOSEN_ITERATIONS, hash_secret
from musterroll.domain.values.errors import DomainError
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.usecases.enrolment.broker_logins import Login, provision, revision

log = logging.getLogger(__name__)
_WORKERS = 8  # ingest processes that deploy/mosquitto/musterroll.acl knows: registry, registry-2, ... registry-8
# At a reload Mosquitto reads every line and checks every live connection again, some 80 microseconds each, and does nothing else: a
# large fleet is not made to pay for that at each single enrolment. 100,000 credentials (12 MB) are read again every 50 seconds at most.
_BYTES_A_SECOND = 240_000


def provision_mosquitto(database: Database, settings: Settings) -> bool:
    """Write the password file where credentials changed since, and have Mosquitto read it. Returns whether it was written.

    Cheap where nothing changed; safe to call every second. Raises DomainError where the file cannot be written or Mosquitto not be told.
    """
    path = settings.mosquitto_password_file
    if path is None:
        return False
    logins = _logins(settings.mqtt_url.get_secret_value() if settings.mqtt_url else "")
    with database.snapshot() as session:
        mark = _mark(revision(session), logins)
        if _marked(path, mark) or not _rested(path):
            return False
        lines = provision(session, logins)
    _write(path, mark + lines)
    log.info("wrote %d logins for Mosquitto to %s", lines.count(b"\n"), path)
    if settings.mosquitto_pid_file:
        _reload(settings.mosquitto_pid_file)
    return True


@cache
def _logins(url: str) -> tuple[Login, ...]:
    """The registry's own lines, out of the URL it connects with itself. Hashed once a process: the hash is slow on purpose."""
    parts = urlsplit(url)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not user or not password:
        raise DomainError("MUSTERROLL_MQTT_URL names no user and password; Mosquitto needs both, as mqtt://registry:password@host:1883")
    names = [user] + [f"{user}-{number}" for number in range(2, _WORKERS + 1) if user == REGISTRY]
    return tuple(Login(name, hash_secret(password, CHOSEN_ITERATIONS)) for name in names)


def _mark(number: int, logins: tuple[Login, ...]) -> bytes:
    """The first line of the file, which Mosquitto passes over: what it was written for."""
    return f"# Written by Musterroll at revision {number} with {logins[0].secret_hash[-16:-2]}; changes made by hand are lost.\n".encode()


def _marked(path: Path, mark: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file.readline(len(mark) + 1) == mark
    except FileNotFoundError:
        return False


def _rested(path: Path) -> bool:
    try:
        found = path.stat()
    except FileNotFoundError:
        return True
    age = time.time() - found.st_mtime  # noqa: TID251  a door
    return not 0 <= age < found.st_size / _BYTES_A_SECOND


def _write(path: Path, content: bytes) -> None:
    """Replace the file in one step: Mosquitto reads the old one or the new one. Its folder's group may read it."""
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
    """SIGHUP to the Mosquitto of a pid file. One that is not running reads the file when it starts."""
    try:
        pid = int(pid_file.read_text())
        name = Path(f"/proc/{pid}/comm")
        if name.parent.parent.exists() and name.read_text().strip() != "mosquitto":
            raise ProcessLookupError  # the number belongs to another program by now
        os.kill(pid, signal.SIGHUP)
    except (FileNotFoundError, ProcessLookupError, ValueError):
        log.info("no Mosquitto runs by %s; it will read its password file when it starts", pid_file)
    except PermissionError:
        raise DomainError(
            f"may not signal the Mosquitto of {pid_file}; "
            "leave MUSTERROLL_MOSQUITTO_PID_FILE out and install deploy/systemd/mosquitto-reload.path and .service"
        ) from None
