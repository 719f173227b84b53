"""`musterroll-agent enroll | run | once | status`. Heavy modules are imported by the command that needs them."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from musterroll_agent import AgentError, __version__
from musterroll_agent.config import CHOICES, FILE, Settings, load
from musterroll_agent.state_directory import Identity, StateDirectory

SETTINGS = {
    "ca": ("FILE", "PEM file of the authority that signed the registry's and broker's certificates"),
    "state_dir": ("DIR", "directory of the identity and the outbox (default /var/lib/musterroll, or ~/.local/state/musterroll)"),
    "serial": ("S", "serial number on the label, if the firmware reports none"),
    "maker": ("NAME", "maker, if the firmware reports none"),
    "model": ("NAME", "model, if the firmware reports none"),
    "host": ("NAME", "the host that a container or virtual machine runs on; containers find it themselves"),
    "interval": ("SECONDS", "seconds between heartbeats, until the registry sets another interval"),
}


def main() -> None:
    raise SystemExit(command(sys.argv[1:]))


def command(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status. Errors go to standard error as one sentence."""
    flags = _parser().parse_args(arguments)
    try:
        settings = load(vars(flags), os.environ, flags.config)
        directory = StateDirectory(Path(settings.state_dir))
        return int({"enroll": enroll, "run": run, "once": once, "status": status}[flags.command](flags, settings, directory))
    except AgentError as error:
        print(f"musterroll-agent: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def enroll(flags: argparse.Namespace, settings: Settings, directory: StateDirectory) -> int:
    from musterroll_agent.enrolment import enrol
    from musterroll_agent.machine import override, probe

    for name in ("registry", "token"):
        if not getattr(settings, name):
            raise AgentError(f"no {name}: give it with --{name}, or set {name} in {FILE}")
    previous = directory.identity()
    if previous is not None and not flags.force:
        raise AgentError(
            f"this machine is already enrolled as unit {previous.unit} ({directory.identity_path}): add --force to enrol again"
        )
    machine = override(probe(), settings.serial, settings.maker, settings.model, settings.host)
    directory.create()
    directory.lock()
    attempt = directory.begin_enrolment()
    identity = enrol(settings.registry, settings.token, machine, attempt, os.path.abspath(settings.ca) if settings.ca else "")
    directory.save_identity(identity)
    directory.end_enrolment()
    _adapt_outbox(directory, previous, identity)
    print(f"enrolled as unit {identity.unit}: {identity.maker} {identity.model}, serial {identity.serial}")
    if identity.status == "pending":
        print("this enrolment is waiting for approval in the registry; `musterroll-agent run` waits until it is accepted")
    return 0


def _adapt_outbox(directory: StateDirectory, previous: Identity | None, identity: Identity) -> None:
    """The same machine sends its messages again under its new name; those of another machine are dropped."""
    if previous is None or not directory.outbox_path.exists():
        return
    from musterroll_agent.outbox import Outbox

    outbox = Outbox(directory.outbox_path, epoch=0, reserve=directory.reserve_path)
    if (previous.serial, previous.maker) == (identity.serial, identity.maker):
        outbox.forget_receipts()
    else:
        outbox.clear()
    outbox.close()


def run(flags: argparse.Namespace, settings: Settings, directory: StateDirectory) -> int:
    from musterroll_agent.start import make_agent

    make_agent(settings, directory).run()
    return 0


def once(flags: argparse.Namespace, settings: Settings, directory: StateDirectory) -> int:
    from musterroll_agent.start import make_agent

    undelivered = make_agent(settings, directory).once(flags.timeout)
    if undelivered:
        raise AgentError(
            f"{undelivered} messages have no receipt from the registry after {flags.timeout:g} s; they are sent again next time"
        )
    return 0


def status(flags: argparse.Namespace, settings: Settings, directory: StateDirectory) -> int:
    from musterroll_agent.status import describe, read_status

    report = read_status(directory)
    if flags.json:
        import json

        print(json.dumps(report, indent=2))
    else:
        print(describe(report))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="musterroll-agent",
        description="Reports this unit's identity, heartbeats and records to a Musterroll registry.",
        formatter_class=_help,
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--config", default="", metavar="FILE", help=f"configuration file (default {FILE})")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", prog="musterroll-agent")
    enroll_command = commands.add_parser("enroll", help="exchange a claim token for this unit's own credential", formatter_class=_help)
    enroll_command.add_argument("--registry", metavar="URL", help="address of the registry, such as https://registry.example")
    enroll_command.add_argument("--token", metavar="T", help="claim token (safer in MUSTERROLL_AGENT_TOKEN: other users can see arguments)")
    enroll_command.add_argument("--force", action="store_true", help="replace the existing identity of this machine")
    run_command = commands.add_parser("run", help="report until stopped", formatter_class=_help)
    once_command = commands.add_parser("once", help="report once (birth, heartbeat and the whole outbox), then exit", formatter_class=_help)
    once_command.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS", help="seconds to wait for receipts (default 30)")
    status_command = commands.add_parser("status", help="show this unit's identity, its connection and its coverage", formatter_class=_help)
    status_command.add_argument("--json", action="store_true", help="JSON output")
    for subcommand in (enroll_command, run_command, once_command, status_command):
        _add_settings(subcommand, ("state_dir",) if subcommand is status_command else tuple(SETTINGS))
    return parser


def _help(prog: str) -> argparse.HelpFormatter:
    """A fixed width: to ask the terminal, argparse would import shutil and three compression libraries for every command."""
    return argparse.HelpFormatter(prog, width=100)


def _add_settings(parser: argparse.ArgumentParser, names: Sequence[str]) -> None:
    for name in names:
        metavar, text = SETTINGS[name]
        parser.add_argument("--" + name.replace("_", "-"), metavar=metavar, help=text)
    parser.add_argument("--log-level", choices=CHOICES["log_level"], help="default info")
    parser.add_argument("--log-format", choices=CHOICES["log_format"], help="default plain")
