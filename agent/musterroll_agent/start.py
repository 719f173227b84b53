"""Builds an agent from the settings and the state directory, for `run` and `once`."""

import logging
import sys
from typing import Any

from musterroll_agent import AgentError
from musterroll_agent.agent import Agent
from musterroll_agent.clock import Clock
from musterroll_agent.config import Settings
from musterroll_agent.connection import address
from musterroll_agent.counters import CounterFile, boot_id
from musterroll_agent.machine import probe
from musterroll_agent.outbox import Outbox
from musterroll_agent.probes import Probes, clock_synchronised
from musterroll_agent.reporter import Now, Reporter, UnitFacts
from musterroll_agent.state_directory import Identity, StateDirectory

log = logging.getLogger("musterroll_agent")


def make_agent(settings: Settings, directory: StateDirectory) -> Agent:
    """An agent whose epoch is on disk and whose birth is in the outbox. Raises AgentError."""
    _configure_log(settings)
    identity = directory.identity()
    if identity is None:
        raise AgentError(f"this machine is not enrolled ({directory.identity_path} is missing): run `musterroll-agent enroll` first")
    broker = address(settings.mqtt_url or identity.mqtt_url)
    directory.lock()
    clock = Clock()
    now = Now(clock.wall(), clock.elapsed())
    counters, outbox = _open(directory, int(now.elapsed), identity.epoch)
    state = directory.read_state()
    interval = state.get("interval", identity.interval)
    reporter = Reporter(outbox, counters, Probes(settings.disk), _facts(settings, identity), interval, settings.card, settings.usage)
    state["remembered"] = reporter.start(now, clock_synchronised(), state.get("remembered", {}))
    _save_state(directory, state)
    return Agent(directory, identity, broker, settings.ca or identity.ca, outbox, reporter, clock)


def _open(directory: StateDirectory, uptime: int, above: int) -> tuple[CounterFile, Outbox]:
    """The new epoch is on disk before anything is sent in it."""
    try:
        counters = CounterFile(directory.counters_path)
        counters.start(uptime, boot_id(), above)
        return counters, Outbox(directory.outbox_path, counters.counters.epoch, directory.reserve_path)
    except OSError as error:
        raise directory.explain(error) from None


def _facts(settings: Settings, identity: Identity) -> UnitFacts:
    """What was enrolled, unless the machine itself now reports something else: a disk moved to another machine must not go unnoticed."""
    machine = probe()
    serial = identity.serial if identity.source == "given" else machine.serial or identity.serial
    return UnitFacts(
        serial=settings.serial or serial,
        maker=settings.maker or identity.maker,
        model=settings.model or identity.model,
        firmware=settings.firmware or _operating_system(),
        evidence=machine.evidence,
    )


def _operating_system() -> str:
    try:
        with open("/etc/os-release") as file:
            for line in file:
                name, _, value = line.partition("=")
                if name == "PRETTY_NAME":
                    return value.strip().strip('"')[:200]
    except OSError:
        pass
    return sys.platform


def _save_state(directory: StateDirectory, state: dict[str, Any]) -> None:
    try:
        directory.save_state(state)
    except OSError as error:
        log.warning("%s cannot be saved: %s", directory.state_path, error)


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        import json

        line = {"at": round(record.created, 3), "level": record.levelname.lower(), "message": record.getMessage()}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _configure_log(settings: Settings) -> None:
    handler = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    handler.setFormatter(_JsonLines() if settings.log_format == "json" else plain)
    log.handlers[:] = [handler]
    log.setLevel(settings.log_level.upper())
    log.propagate = False
