"""What the owner of the unit may set: a TOML file, then MUSTERROLL_AGENT_* in the environment, then flags; the last one given wins."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from musterroll_agent import Trouble

FILE = "/etc/musterroll/agent.toml"
PREFIX = "MUSTERROLL_AGENT_"
CHOICES = {"log_level": ("debug", "info", "warning", "error"), "log_format": ("plain", "json")}


class Settings(NamedTuple):
    """Everything is text; empty means not set."""

    registry: str = ""  # address of the registry, for enrolment
    token: str = ""  # claim token, for enrolment
    ca: str = ""  # certificates the registry and broker are checked against, instead of the system's
    mqtt_url: str = ""  # a broker address that replaces the one enrolment gave
    serial: str = ""
    maker: str = ""
    model: str = ""
    firmware: str = ""
    card: str = ""  # path of the warranty card
    usage: str = ""  # path of a JSON object of lifetime usage counters
    disk: str = "/"  # the file system whose fill is reported
    state_dir: str = ""
    log_level: str = "info"
    log_format: str = "plain"


def load(flags: Mapping[str, str | None], environ: Mapping[str, str], file: str = "") -> Settings:
    """Settings from file, environment and flags. Raises Trouble with the file and key that are wrong."""
    path = file or environ.get(PREFIX + "CONFIG", "")
    found = _from_file(Path(path or FILE), required=bool(path))
    for name in Settings._fields:
        for where, value in ((PREFIX + name.upper(), environ.get(PREFIX + name.upper())), ("--" + name.replace("_", "-"), flags.get(name))):
            if value is not None:
                found[name] = _check(where, name, value)
    settings = Settings(**found)
    return settings._replace(state_dir=settings.state_dir or _default_state_dir(environ))


def _from_file(path: Path, required: bool) -> dict[str, str]:
    try:
        content = path.read_text()
    except FileNotFoundError:
        if required:
            raise Trouble(f"the configuration file {path} does not exist: write it, or leave --config away") from None
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise Trouble(f"the configuration file {path} cannot be read: {error}") from None
    import tomllib

    try:
        values = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise Trouble(f"{path} is not TOML: {error}") from None
    return {name: _check(f"{path}: {name}", name, value) for name, value in values.items()}


def _check(where: str, name: str, value: Any) -> str:
    if name not in Settings._fields:
        raise Trouble(f"{where} is not a setting; known are {', '.join(Settings._fields)}")
    if not isinstance(value, str):
        raise Trouble(f'{where} must be text in quotes, as in {name} = "..."')
    if name in CHOICES and value not in CHOICES[name]:
        raise Trouble(f"{where} is {value!r}; it must be one of {', '.join(CHOICES[name])}")
    return value


def _default_state_dir(environ: Mapping[str, str]) -> str:
    if not hasattr(os, "geteuid"):
        return str(Path(environ.get("ProgramData", str(Path.home()))) / "musterroll")
    if os.geteuid() == 0 or environ.get("STATE_DIRECTORY"):
        return environ.get("STATE_DIRECTORY") or "/var/lib/musterroll"
    return str(Path(environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "musterroll")
