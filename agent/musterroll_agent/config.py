"""Settings of the agent: a TOML file, then MUSTERROLL_AGENT_* in the environment, then flags; the last one given wins."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from musterroll_wire.messages import MAX_INTERVAL

from musterroll_agent import AgentError

FILE = "/etc/musterroll/agent.toml"
PREFIX = "MUSTERROLL_AGENT_"
LEAST_INTERVAL = 5  # seconds
CHOICES = {"log_level": ("debug", "info", "warning", "error"), "log_format": ("plain", "json")}


class Settings(NamedTuple):
    """Everything is text, an interval too; empty means not set."""

    registry: str = ""  # address of the registry, for enrolment
    token: str = ""  # claim token, for enrolment
    ca: str = ""  # PEM file of the authority to trust instead of the system's
    mqtt_url: str = ""  # a broker address that replaces the one enrolment gave
    serial: str = ""
    maker: str = ""
    model: str = ""
    host: str = ""  # what a container or virtual machine runs on
    firmware: str = ""
    card: str = ""  # path of the warranty card
    usage: str = ""  # path of a JSON object of lifetime usage counters
    interval: str = ""  # seconds between heartbeats, until the registry says otherwise
    disk: str = "/"  # the file system whose usage is reported
    state_dir: str = ""
    log_level: str = "info"
    log_format: str = "plain"


def load(flags: Mapping[str, str | None], environ: Mapping[str, str], file: str = "") -> Settings:
    """Settings from file, environment and flags. Raises AgentError naming the file and key that are wrong."""
    path = file or environ.get(PREFIX + "CONFIG", "")
    values = _from_file(Path(path or FILE), required=bool(path))
    for name in Settings._fields:
        variable, flag = PREFIX + name.upper(), "--" + name.replace("_", "-")
        for source, value in ((variable, environ.get(variable)), (flag, flags.get(name))):
            if value is not None:
                values[name] = _check(source, name, value)
    settings = Settings(**values)
    return settings._replace(state_dir=settings.state_dir or _default_state_dir(environ))


def _from_file(path: Path, required: bool) -> dict[str, str]:
    try:
        content = path.read_text()
    except FileNotFoundError:
        if required:
            raise AgentError(f"the configuration file {path} does not exist: create it, or omit --config") from None
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise AgentError(f"the configuration file {path} cannot be read: {error}") from None
    import tomllib

    try:
        values = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise AgentError(f"{path} is not TOML: {error}") from None
    return {name: _check(f"{path}: {name}", name, value) for name, value in values.items()}


def _check(source: str, name: str, value: Any) -> str:
    if name not in Settings._fields:
        raise AgentError(f"{source} is not a setting; the settings are {', '.join(Settings._fields)}")
    if name == "interval" and type(value) is int:
        value = str(value)
    if not isinstance(value, str):
        raise AgentError(f'{source} must be text in quotes, as in {name} = "..."')
    if name in CHOICES and value not in CHOICES[name]:
        raise AgentError(f"{source} is {value!r}; it must be one of {', '.join(CHOICES[name])}")
    if name == "interval" and value and not (value.isdecimal() and len(value) < 10 and is_interval(int(value))):
        raise AgentError(f"{source} is {value!r}; it must be a whole number of seconds from {LEAST_INTERVAL} to {MAX_INTERVAL}")
    return value


def is_interval(seconds: Any) -> bool:
    """Whether heartbeats can be so many seconds apart.

    >>> is_interval(86400), is_interval(1), is_interval("60")
    (True, False, False)
    """
    return type(seconds) is int and LEAST_INTERVAL <= seconds <= MAX_INTERVAL


def _default_state_dir(environ: Mapping[str, str]) -> str:
    if not hasattr(os, "geteuid"):
        return str(Path(environ.get("ProgramData", str(Path.home()))) / "musterroll")
    if os.geteuid() == 0 or environ.get("STATE_DIRECTORY"):
        return environ.get("STATE_DIRECTORY") or "/var/lib/musterroll"
    return str(Path(environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "musterroll")
