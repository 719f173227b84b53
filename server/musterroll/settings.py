"""Every setting of the registry, from `MUSTERROLL_*` (secrets also from `*_FILE`)."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from musterroll.domain.access import Role
from musterroll.domain.values.errors import Refusal

_SECRETS = ("database_url", "mqtt_url", "secret_key", "admin_password", "oidc_client_secret", "smtp_url")


def _told(default: Any, description: str, **limits: Any) -> Any:
    return Field(default=default, description=description, **limits)


class Settings(BaseModel):
    """What a running registry is told. Defaults are the quick start: everything on loopback, in one process, on SQLite."""

    model_config = ConfigDict(frozen=True)

    data_dir: Path = _told(Path(".musterroll"), "Where the embedded database, the session key and marks of state live.")
    database_url: SecretStr | None = _told(
        None, "sqlite:////path or postgresql://user:password@host/name; default: SQLite in the data directory."
    )
    http_listen: str = _told("127.0.0.1:8080", "Address and port of pages and REST; port 0 picks a free one.")
    mqtt_listen: str = _told("127.0.0.1:1883", "Address and port of the embedded broker; port 0 picks a free one.")
    mqtt_url: SecretStr | None = _told(None, "mqtt[s]://user:password@host:port of an external broker; default: the embedded one.")
    mqtt_ca: Path | None = _told(None, "CA certificate that the external broker's certificate is checked against.")
    mqtt_public_url: str | None = _told(None, "Broker address told to devices at enrolment; default: the one in use.")
    mqtt_share: str | None = _told(None, "Name of the shared subscription, where more than one ingest runs.")
    public_url: str | None = _told(None, "Address that people and devices reach the registry at, used in links and QR codes.")
    trusted_hosts: list[str] = _told([], "Host names answered besides localhost and the public URL's, by commas.")
    proxies: int = _told(0, "How many reverse proxies in front set X-Forwarded-* (0 to 8).", ge=0, le=8)
    oidc_issuer: str | None = _told(None, "Address of the OpenID Connect issuer that people may sign in at.", pattern="^https?://")
    oidc_client_id: str | None = _told(None, "Who this registry is at the issuer.")
    oidc_client_secret: SecretStr | None = _told(None, "Its secret there; none for a public client.")
    oidc_hosts: list[str] = _told([], "Further hosts the issuer's endpoints are at, by commas; no other is spoken to.")
    oidc_claim: str = _told("groups", "Claim of the identity token that roles are given by.")
    oidc_roles: dict[str, Role] = _told({}, "Roles by a value of that claim, as in: field-tech=technician,ops=planner.")
    oidc_unknown: str = _told("refuse", "Who has none of those roles: refuse, or let in as viewer.", pattern="^(refuse|viewer)$")
    secret_key: SecretStr | None = _told(None, "Signs forms; default: made once and kept in the data directory.")
    admin_password: SecretStr | None = _told(None, "First password of the user admin; default: random, printed once.")
    mosquitto_password_file: Path | None = _told(None, "Password file of a Mosquitto that is kept in step with enrolments.")
    mosquitto_pid_file: Path | None = _told(None, "File with that Mosquitto's process id, which is told to read again.")
    interval: int = _told(60, "Seconds between heartbeats told to devices at enrolment (5 to 86400).", ge=5, le=86400)
    sweep_seconds: float = _told(1.0, "How often silence is judged, in seconds (up to 60).", gt=0, le=60)
    metrics_listen: str | None = _told(None, "Address and port where ingest, run apart, shows its counters; default: nowhere.")
    smtp_url: SecretStr | None = _told(None, "smtp[s]://user:password@host:port of the mail server that notifications go out by.")
    smtp_from: str = _told("Musterroll <musterroll@localhost>", "Whom e-mail comes from.")
    smtp_ca: Path | None = _told(None, "CA certificate that the mail server's certificate is checked against.")
    webhook_hosts: list[str] = _told([], "Host names of the private network that webhooks may go to, by commas.")
    log_level: str = _told("info", "debug, info, warning or error.", pattern="^(debug|info|warning|error)$")
    log_format: str = _told("plain", "plain or json.", pattern="^(plain|json)$")

    @field_validator("trusted_hosts", "webhook_hosts", "oidc_hosts", mode="before")
    @classmethod
    def _commas(cls, value: Any) -> Any:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("oidc_roles", mode="before")
    @classmethod
    def _pairs(cls, value: Any) -> Any:
        return dict(part.strip().rpartition("=")[::2] for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @property
    def database(self) -> str:
        """The database URL in use."""
        return self.database_url.get_secret_value() if self.database_url else f"sqlite:///{(self.data_dir / 'musterroll.db').absolute()}"

    @property
    def embedded_broker(self) -> bool:
        return self.mqtt_url is None


def load(environ: dict[str, str], **overrides: Any) -> Settings:
    """Settings from an environment. Raises Refusal with one sentence naming the variable that is wrong."""
    values: dict[str, Any] = {}
    for name in Settings.model_fields:
        variable = f"MUSTERROLL_{name.upper()}"
        path = environ.get(f"{variable}_FILE") if name in _SECRETS else None
        if path:
            values[name] = _secret(variable, path)
        elif environ.get(variable):
            values[name] = environ[variable]
    values.update({name: value for name, value in overrides.items() if value is not None})
    try:
        return Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        raise Refusal(f"MUSTERROLL_{str(first['loc'][0]).upper()}: {first['msg']}; musterroll config show lists every setting") from None


def _secret(variable: str, path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise Refusal(f"{variable}_FILE names {path}, which cannot be read: {error.strerror}") from None


def address(listen: str, variable: str) -> tuple[str, int]:
    """Host and port of `host:port`. Raises Refusal naming the variable.

    >>> address("127.0.0.1:8080", "MUSTERROLL_HTTP_LISTEN")
    ('127.0.0.1', 8080)
    """
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise Refusal(f"{variable} is {listen!r}; write an address and a port, as 127.0.0.1:8080")
    return host.strip("[]"), int(port)
