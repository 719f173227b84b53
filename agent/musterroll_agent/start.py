"""Builds an agent from the settings and the state directory, for `run` and `once`."""

import logging
import sys
from typing import Any

from musterroll_wire.messages import text_problem

from musterroll_agent import AgentError
from musterroll_agent.addresses import BROKER, parse
from musterroll_agent.agent import Agent
from musterroll_agent.clock import Clock
from musterroll_agent.config import Settings, is_interval
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
    broker = parse(settings.mqtt_url or identity.mqtt_url, "broker", BROKER)
    directory.lock()
    clock = Clock()
    now = Now(clock.wall(), clock.elapsed())
    counters, outbox = _open(directory, now, identity.epoch)
    state = directory.read_state()
    settings, refused = _sendable(settings)
    facts = _facts(settings, identity)
    reporter = Reporter(outbox, counters, Probes(settings.disk), facts, _interval(state, settings, identity), settings.card, settings.usage)
    state["remembered"] = reporter.start(now, clock_synchronised(), state.get("remembered"))
    for event in refused:
        reporter.event(now, event)
    _save_state(directory, state)
    return Agent(directory, identity, broker, settings.ca or identity.ca, outbox, reporter, clock)


def _open(directory: StateDirectory, now: Now, above: int) -> tuple[CounterFile, Outbox]:
    """The new epoch is on disk, where there is one to write to, before anything is sent in it; and above what is in the outbox."""
    outbox = Outbox(directory.outbox_path, 0, directory.reserve_path)
    counters = CounterFile(directory.counters_path)
    outbox.epoch = counters.start(int(now.elapsed), boot_id(), max(above, outbox.highest_epoch()), now.wall).epoch
    return counters, outbox


def _interval(state: dict[str, Any], settings: Settings, identity: Identity) -> int:
    """What the registry last told us to keep to; until then the setting, or what enrolment said."""
    told: Any = state.get("interval")
    return int(told) if is_interval(told) else int(settings.interval or identity.interval)


def _sendable(settings: Settings) -> tuple[Settings, list[dict[str, Any]]]:
    """Without the texts that the registry would refuse, and an event about each: a wrong line in a file must not silence the unit."""
    refused = []
    for name in ("serial", "maker", "model", "firmware"):
        problem = text_problem(getattr(settings, name))
        if problem:
            log.error("the setting %s is left out: %s", name, problem)
            refused.append({"event": "setting_refused", "setting": name, "why": problem})
            settings = settings._replace(**{name: ""})
    return settings, refused


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
