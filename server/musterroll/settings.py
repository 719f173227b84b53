"""Every setting of the registry, from `MUSTERROLL_*` (secrets also from `*_FILE`)."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from musterroll.domain.errors import Refusal

_SECRETS = ("database_url", "mqtt_url", "secret_key", "admin_password")


class Settings(BaseSettings):
    """What a running registry is told. Defaults are the quick start: everything on loopback, in one process, on SQLite."""

    model_config = SettingsConfigDict(env_prefix="MUSTERROLL_", extra="ignore")

    data_dir: Path = Field(default=Path(".musterroll"), description="Where the embedded database, the session key and marks of state live.")
    database_url: SecretStr | None = Field(
        default=None, description="sqlite:////path or postgresql://user:password@host/name; default: SQLite in the data directory."
    )
    http_listen: str = Field(default="127.0.0.1:8080", description="Address and port of pages and REST; port 0 picks a free one.")
    mqtt_listen: str = Field(default="127.0.0.1:1883", description="Address and port of the embedded broker; port 0 picks a free one.")
    mqtt_url: SecretStr | None = Field(
        default=None, description="mqtt[s]://user:password@host:port of an external broker; default: the embedded one."
    )
    mqtt_ca: Path | None = Field(default=None, description="CA certificate the external broker's certificate is checked against.")
    mqtt_public_url: str | None = Field(
        default=None, description="The broker address told to devices at enrolment; default: the one in use."
    )
    mqtt_share: str | None = Field(default=None, description="Name of the shared subscription, where more than one ingest runs.")
    public_url: str | None = Field(
        default=None, description="The address people and devices reach the registry at, used in links and QR codes."
    )
    trusted_hosts: Annotated[list[str], NoDecode] = Field(
        default_factory=list, description="Host names answered besides localhost and the public URL, separated by commas."
    )
    proxies: int = Field(default=0, ge=0, le=8, description="How many reverse proxies in front set X-Forwarded-*.")
    secret_key: SecretStr | None = Field(default=None, description="Signs forms; default: made once and kept in the data directory.")
    admin_password: SecretStr | None = Field(default=None, description="First password of the user admin; default: random, printed once.")
    mosquitto_password_file: Path | None = Field(
        default=None, description="Password file of a Mosquitto to be kept in step with enrolments."
    )
    mosquitto_pid_file: Path | None = Field(default=None, description="Process id of that Mosquitto, told to read the file again.")
    interval: int = Field(default=60, ge=5, le=86400, description="Seconds between heartbeats told to devices at enrolment.")
    sweep_seconds: float = Field(default=1.0, gt=0, le=60, description="How often silence is judged.")
    log_level: str = Field(default="info", description="debug, info, warning or error.")
    log_format: str = Field(default="plain", description="plain or json.")

    @field_validator("trusted_hosts", mode="before")
    @classmethod
    def _commas(cls, value: Any) -> Any:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

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
