"""Puts an agent together from settings and the state directory: the one place where `run` and `once` begin."""

import logging
import sys
from typing import Any

from musterroll_agent import Trouble
from musterroll_agent.agent import Agent
from musterroll_agent.clock import Clock
from musterroll_agent.config import Settings
from musterroll_agent.connection import address
from musterroll_agent.counters import CounterFile, boot_id
from musterroll_agent.home import Home, Identity
from musterroll_agent.identity import probe
from musterroll_agent.outbox import Outbox
from musterroll_agent.reporter import Facts, Now, Reporter
from musterroll_agent.vitals import Probes, clock_synchronised

log = logging.getLogger("musterroll_agent")


def make_agent(settings: Settings, home: Home) -> Agent:
    """An agent whose epoch is on disk and whose birth is in the outbox. Raises Trouble."""
    _configure_log(settings)
    identity = home.identity()
    if identity is None:
        raise Trouble(f"this machine is not enrolled ({home.identity_path} is missing): run `musterroll-agent enroll` first")
    where = address(settings.mqtt_url or identity.mqtt_url)
    home.lock()
    clock = Clock()
    now = Now(clock.wall(), clock.elapsed())
    counters, outbox = _open(home, int(now.elapsed), identity.epoch)
    told = home.told()
    interval = told.get("interval", identity.interval)
    reporter = Reporter(outbox, counters, Probes(settings.disk), _facts(settings, identity), interval, settings.card, settings.usage)
    told["remembered"] = reporter.start(now, clock_synchronised(), told.get("remembered", {}))
    _save(home, told)
    return Agent(home, identity, where, settings.ca or identity.ca, outbox, reporter, clock)


def _open(home: Home, uptime: int, above: int) -> tuple[CounterFile, Outbox]:
    """The epoch grows on the disk before anything is said in it."""
    try:
        counters = CounterFile(home.counters_path)
        counters.start(uptime, boot_id(), above)
        return counters, Outbox(home.outbox_path, counters.counters.epoch, home.reserve_path)
    except OSError as error:
        raise home.trouble(error) from None


def _facts(settings: Settings, identity: Identity) -> Facts:
    """What enrolment settled, unless the machine itself now says otherwise: a disk that moved to another machine must show."""
    machine = probe()
    serial = identity.serial if identity.source == "given" else machine.serial or identity.serial
    return Facts(
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


def _save(home: Home, told: dict[str, Any]) -> None:
    try:
        home.save_told(told)
    except OSError as error:
        log.warning("%s cannot be saved: %s", home.told_path, error)


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
