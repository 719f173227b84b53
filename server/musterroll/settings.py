"""The registry's settings, from `MUSTERROLL_*` variables (secrets also from `*_FILE`)."""

import ipaddress
import os
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, ValidationInfo, field_validator

from musterroll.channels import ChannelSettings
from musterroll.domain.access import Role
from musterroll.domain.values.errors import DomainError
from musterroll.listening import host_of
from musterroll.sources.policy import SourceSettings

_PREFIX = "MUSTERROLL_"
_OTHERS = ("MUSTERROLL_AGENT_", "MUSTERROLL_SOURCE_")  # the agent's settings, and secrets that sources name


def _setting(default: Any, description: str, **limits: Any) -> Any:
    return Field(default=default, description=description, **limits)


class _OwnSettings(BaseModel):
    """All but those of notification channels."""

    data_dir: Path = _setting(Path(".musterroll"), "Directory of the embedded database, the session key and state files.")
    database_url: SecretStr | None = _setting(
        None, "postgresql://user:password@host/name or sqlite:////path; default: SQLite in the data directory."
    )
    http_listen: str = _setting(
        "127.0.0.1:8080", "Address and port of pages and REST API; IPv6 in brackets, such as [::]:8080; port 0 picks a free port."
    )
    mqtt_listen: str = _setting("127.0.0.1:1883", "Address and port of the embedded broker, as for HTTP; port 0 picks a free port.")
    mqtt_url: SecretStr | None = _setting(None, "External broker: mqtt[s]://user:password@host:port; default: the embedded broker.")
    mqtt_ca: Path | None = _setting(None, "CA certificate to verify the external broker with.")
    mqtt_public_url: str | None = _setting(None, "Broker address given to devices at enrolment; default: the broker in use.")
    mqtt_share: str | None = _setting(None, "Name of the shared subscription, if several ingest processes run.")
    public_url: str | None = _setting(None, "Address at which users and devices reach the registry; used in links and QR codes.")
    trusted_hosts: list[str] = _setting([], "Host names served in addition to localhost and that of the public URL, comma-separated.")
    proxies: int = _setting(0, "Number of reverse proxies in front that set X-Forwarded-* (0 to 8).", ge=0, le=8)
    oidc_issuer: str | None = _setting(None, "OpenID Connect issuer for single sign-on.", pattern="^https?://")
    oidc_client_id: str | None = _setting(None, "Client ID of this registry at the issuer.")
    oidc_client_secret: SecretStr | None = _setting(None, "Client secret at the issuer; none for a public client.")
    oidc_hosts: list[str] = _setting([], "Additional hosts of the issuer's endpoints, comma-separated; no other hosts are contacted.")
    oidc_claim: str = _setting("groups", "Claim of the ID token that determines roles.")
    oidc_roles: dict[str, Role] = _setting({}, "Role for each value of that claim, such as field-tech=technician,ops=planner.")
    oidc_unknown: str = _setting("refuse", "Users with none of those values: refuse, or viewer for that role.", pattern="^(refuse|viewer)$")
    secret_key: SecretStr | None = _setting(None, "Key that signs sessions and forms; default: generated and stored in the data directory.")
    admin_password: SecretStr | None = _setting(None, "Initial password of the user admin; default: random, printed once.")
    mosquitto_password_file: Path | None = _setting(None, "Password file of a Mosquitto broker, kept in sync with enrolments.")
    mosquitto_pid_file: Path | None = _setting(None, "PID file of that Mosquitto, which is signalled to reload its password file.")
    interval: int = _setting(60, "Heartbeat interval in seconds, given to devices at enrolment (5 to 86400).", ge=5, le=86400)
    sweep_seconds: float = _setting(1.0, "Seconds between checks for units that have gone silent (up to 60).", gt=0, le=60)
    sums_memory: str = _setting(
        "1GB", "Memory for computations over the whole fleet; beyond it they use the disk.", pattern=r"^[1-9]\d*(MB|GB)$"
    )
    sums_threads: int = _setting(2, "Threads of such computations (1 to 64).", ge=1, le=64)
    metrics_listen: str | None = _setting(None, "Address and port of metrics and health of a separate ingest process; default: none.")
    schedule_listen: str | None = _setting(None, "Address and port of metrics and health of a separate schedule process; default: none.")
    log_level: str = _setting("info", "Log level: debug, info, warning or error.", pattern="^(debug|info|warning|error)$")
    log_format: str = _setting("plain", "Log format: plain or json.", pattern="^(plain|json)$")


class Settings(ChannelSettings, SourceSettings, _OwnSettings):
    """Settings of a running registry. The defaults are for a quick start: one process, on loopback, with SQLite."""

    model_config = ConfigDict(frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _commas(cls, value: Any, info: ValidationInfo) -> Any:
        listed = isinstance(value, str) and cls.model_fields[info.field_name or ""].annotation == list[str]
        return [part.strip() for part in value.split(",") if part.strip()] if listed else value

    @field_validator("oidc_roles", mode="before")
    @classmethod
    def _pairs(cls, value: Any) -> Any:
        return dict(part.strip().rpartition("=")[::2] for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @property
    def database(self) -> str:
        """The database URL in use."""
        return self.database_url.get_secret_value() if self.database_url else f"sqlite:///{(self.data_dir / 'musterroll.db').absolute()}"

    @property
    def sums(self) -> tuple[str, int, Path]:
        """What computations over the whole fleet may use: memory, threads, and a directory."""
        return self.sums_memory, self.sums_threads, self.data_dir

    def make_data_dir(self) -> None:
        """Create the data directory, for its owner only. Raises DomainError where it cannot be used."""
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            reason = None if os.access(self.data_dir, os.W_OK | os.X_OK) else "it may not be written to"
        except FileExistsError:
            reason = "it is a file"
        except OSError as error:
            reason = str(error.strerror)
        if reason:
            raise DomainError(f"the data directory {self.data_dir} cannot be used: {reason}; set MUSTERROLL_DATA_DIR to another one")

    @property
    def embedded_broker(self) -> bool:
        return self.mqtt_url is None


def load(environ: dict[str, str], **overrides: Any) -> Settings:
    """Settings from an environment. Raises DomainError with a sentence that names the invalid or unknown variable."""
    _reject_unknown(environ)
    values: dict[str, Any] = {}
    for name, field in Settings.model_fields.items():
        variable = f"{_PREFIX}{name.upper()}"
        path = environ.get(f"{variable}_FILE") if SecretStr in get_args(field.annotation) else None
        if path:
            values[name] = _secret(variable, path)
        elif environ.get(variable):
            values[name] = environ[variable]
    values.update({name: value for name, value in overrides.items() if value is not None})
    try:
        return Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        raise DomainError(
            f"MUSTERROLL_{str(first['loc'][0]).upper()}: {first['msg']}; musterroll config show lists every setting"
        ) from None


def _reject_unknown(environ: dict[str, str]) -> None:
    """A misspelt name must not leave its setting at the default without a word."""
    names = {f"{_PREFIX}{name.upper()}": SecretStr in get_args(field.annotation) for name, field in Settings.model_fields.items()}
    known = {*names, *(f"{name}_FILE" for name, secret in names.items() if secret)}
    for name in sorted(environ):
        if name.startswith(_PREFIX) and name not in known and not name.startswith(_OTHERS):
            nearest = get_close_matches(name, known, 1, 0.8)
            meant = f"; did you mean {nearest[0]}?" if nearest else ";"
            raise DomainError(f"{name} is not a setting{meant} musterroll config show lists every setting")


def _secret(variable: str, path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise DomainError(f"{variable}_FILE: {path} cannot be read: {error.strerror}") from None


def address(listen: str, variable: str) -> tuple[str, int]:
    """Host and port of `host:port`; IPv6 in brackets, where link-local with its zone. Raises DomainError naming the variable.

    >>> address("127.0.0.1:8080", "MUSTERROLL_HTTP_LISTEN"), address("[fe80::1%eth0]:8080", "MUSTERROLL_HTTP_LISTEN")
    (('127.0.0.1', 8080), ('fe80::1%eth0', 8080))
    """
    host, _, port = listen.strip().rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise DomainError(f"{variable} is {listen!r}; it must be an address and a port, such as 127.0.0.1:8080 or [::1]:8080")
    if host.startswith("[") and host.endswith("]"):
        return _ipv6(host_of(host[1:-1]), listen, variable), int(port)
    if ":" in host:
        raise DomainError(f"{variable} is {listen!r}; write an IPv6 address in brackets, such as [::1]:8080")
    return host, int(port)


def _ipv6(host: str, listen: str, variable: str) -> str:
    try:
        parsed = ipaddress.IPv6Address(host)
    except ValueError:
        raise DomainError(f"{variable} is {listen!r}; {host!r} is not an IPv6 address") from None
    if parsed.is_link_local and not parsed.scope_id:
        raise DomainError(f"{variable} is {listen!r}; a link-local address needs the zone it is in, such as [{host}%eth0]:8080")
    return host
