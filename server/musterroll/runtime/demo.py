"""`musterroll demo`: a registry of a company with two years of history, whose fleet is simulated, and a real agent for this machine."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from musterroll import long_work
from musterroll.runtime import processes
from musterroll.settings import Settings
from musterroll.simulator.company import fill as company
from musterroll.storage.engine.database import Database
from musterroll.storage.units import successors
from musterroll.usecases.enrolment import enrol

log = logging.getLogger(__name__)
_GRACE_SECONDS = 4
_MORE_UNITS = 440  # of the company, which do not report themselves but are on another platform's lists
_SETTLED = timedelta(minutes=10)  # before now, so that the scheduled jobs count past days at once


def run(
    settings: Settings, database: Database, stop: threading.Event, *, units: int, interval: int, seed: int, echo: Callable[[str], None]
) -> None:
    """Serve until `stop` is set. The fleet and the agent are child processes, started once the registry is ready."""
    settings = settings.model_copy(update={"interval": interval})
    _fill(database, units, seed, echo)
    with ExitStack() as children:

        def ready(url: str) -> None:
            echo(f"Musterroll is ready at {url}")
            log = (settings.data_dir / "simulate.log").open("ab")
            children.callback(log.close)
            fleet = _start(_simulate(settings, database, url, units, interval, seed), log=log)
            children.callback(_end, fleet)
            echo(f"Enrolling a simulated fleet of {units} units that report every {interval} s.")
            agent = _agent(settings, database, url, echo, log)
            if agent is not None:
                children.callback(_end, agent)
            echo(f"Press Ctrl-C to stop. Data is stored in {settings.data_dir}")

        processes.serve(settings, database, ready, stop)


def _fill(database: Database, units: int, seed: int, echo: Callable[[str], None]) -> None:
    """Import the company's files into an empty registry. The scheduled jobs count the rest in the first minutes."""
    with database.read_only() as session:
        if successors.any_units(session):
            return
    echo("Importing a demonstration company with two years of history; this takes about ten seconds.")
    now = datetime.now(UTC)  # noqa: TID251  an entry point
    company.fill(database, seed, units + _MORE_UNITS, units, now - _SETTLED, lambda file, verdict: log.error("%s: %s", file.name, verdict))
    long_work.reconcile(database, now, now)


def _simulate(settings: Settings, database: Database, url: str, units: int, interval: int, seed: int) -> list[str]:
    state = settings.data_dir / "simulated-fleet.json"
    token = _token(database, "simulated fleet", units)
    options = {"--registry": url, "--token": token, "--units": units, "--interval": interval, "--seed": seed, "--state": state}
    return [*_module("musterroll"), "simulate", *(str(part) for pair in options.items() for part in pair), "--stale-share", "0.08"]


def _agent(settings: Settings, database: Database, url: str, echo: Callable[[str], None], log: object) -> subprocess.Popen[bytes] | None:
    """Enrol this machine if necessary and start its agent. Prints its serial, or why it could not be enrolled."""
    home = settings.data_dir / "agent"
    if not (home / "identity.json").exists() and not _enrol(home, url, _token(database, "first agent", 2), echo):
        return None
    running = _start([*_module("musterroll_agent"), "run", "--state-dir", str(home), "--log-level", "warning"], log=log)
    echo(f"A real agent is running for this machine (process {running.pid}). To stop it: kill {running.pid}")
    echo(f"  To start it again: {Path(sys.executable).parent / 'musterroll-agent'} run --state-dir {home}")
    return running


def _enrol(home: Path, url: str, token: str, echo: Callable[[str], None]) -> bool:
    command = [*_module("musterroll_agent"), "enroll", "--state-dir", str(home), "--registry", url]
    environment = {**os.environ, "MUSTERROLL_AGENT_TOKEN": token}
    enrolled = subprocess.run(command, env=environment, capture_output=True, text=True)  # noqa: S603  our own program
    if enrolled.returncode != 0:  # as on many virtual machines, whose firmware has no serial
        identity = ["--serial", f"DEMO-{os.uname().nodename.upper()[:40]}", "--maker", "Musterroll", "--model", "Demonstration"]
        enrolled = subprocess.run([*command, *identity], env=environment, capture_output=True, text=True)  # noqa: S603
    echo((enrolled.stdout or enrolled.stderr).strip())
    return enrolled.returncode == 0


def _token(database: Database, label: str, uses: int) -> str:
    now = datetime.now(UTC)  # noqa: TID251  an entry point
    with database.transaction() as session:
        _, plain = enrol.create_token(
            session, label=label, life=timedelta(hours=1), uses=uses, serials=[], account=None, site=None, actor="demo", now=now
        )
    return plain


def _module(name: str) -> list[str]:
    return [sys.executable, "-m", name]


def _start(command: list[str], log: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)  # type: ignore[call-overload,no-any-return] # noqa: S603


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
