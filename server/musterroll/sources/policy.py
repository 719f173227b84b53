"""What an administrator allows sources to reach: hosts of the private network, folders of this machine, and secrets."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, Field

from musterroll.domain.values.errors import DomainError

_ENV, _FILE = "env:", "file:"
_PREFIX = "MUSTERROLL_SOURCE_"


class SourceSettings(BaseModel):
    """Settings of all sources."""

    source_hosts: list[str] = Field(
        default=[], description="Host names in the private network that sources may fetch from, also without TLS, comma-separated."
    )
    source_folders: list[str] = Field(default=[], description="Folders of this machine that sources may read, comma-separated.")
    source_secrets: Path = Field(default=Path("/run/secrets"), description="Folder of the secrets that sources name as file:NAME.")
    source_minutes: float = Field(default=60, gt=0, le=1440, description="Minutes a source may take to give a document.")


def check_secret(name: str, written: str) -> None:
    """Raises DomainError unless a secret is named rather than written out."""
    if written.startswith(_ENV) and written[len(_ENV) :].startswith(_PREFIX):
        return
    if written.startswith(_FILE) and _plain(written[len(_FILE) :]):
        return
    raise DomainError(
        f"{name} is a secret: name it as env:{_PREFIX}... (a variable of the registry) or file:NAME (a file in MUSTERROLL_SOURCE_SECRETS)",
        "bad_secret",
    )


def secret(name: str, written: str, settings: SourceSettings, environ: Mapping[str, str] = os.environ) -> str:
    """The secret that is named. Raises DomainError where it is missing."""
    check_secret(name, written)
    if written.startswith(_ENV):
        value = environ.get(written[len(_ENV) :], "")
    else:
        try:
            value = (settings.source_secrets / written[len(_FILE) :]).read_text()
        except OSError:
            value = ""
    if not value.strip():
        raise DomainError(f"the secret {written[:120]} is not there for the process that fetches; set it and run the source again")
    return value.strip()


def check_url(url: str, settings: SourceSettings) -> str:
    """The host of a web address. Raises DomainError unless sources may be sent there."""
    try:
        parts = urlsplit(url)
        host, plain = parts.hostname, parts.scheme == "http"
    except ValueError:
        raise DomainError("the address is not valid; write it as https://example.com/list", "bad_address") from None
    if parts.scheme not in ("https", "http") or not host or parts.username or parts.password:
        raise DomainError("the address must begin with https:// and a host name, and hold no password", "bad_address")
    if plain and host not in settings.source_hosts:
        raise DomainError(f"{host} would be asked without TLS; use https, or add it to MUSTERROLL_SOURCE_HOSTS", "bad_address")
    return host


def check_folder(path: str, settings: SourceSettings) -> Path:
    """A folder or file as it really lies on this machine. Raises DomainError unless sources may read it."""
    place = Path(path).resolve()
    if not any(place.is_relative_to(Path(folder).resolve()) for folder in settings.source_folders):
        raise DomainError(f"{path[:120]} is not in a folder that sources may read; add one to MUSTERROLL_SOURCE_FOLDERS", "bad_folder")
    return place


def _plain(name: str) -> bool:
    return bool(name) and not name.startswith(".") and "/" not in name and "\\" not in name and "\0" not in name
