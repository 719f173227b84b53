"""`musterroll-agent enroll | run | once | status`. Heavy modules are imported by the command that needs them."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from musterroll_agent import Trouble, __version__
from musterroll_agent.config import CHOICES, FILE, Settings, load
from musterroll_agent.home import Home, Identity

SETTINGS = {
    "ca": ("FILE", "PEM file of the authority that signed the registry's and broker's certificates"),
    "state_dir": ("DIR", "where identity and outbox are kept (default /var/lib/musterroll, or ~/.local/state/musterroll)"),
    "serial": ("S", "serial number on the label, where the firmware tells none"),
    "maker": ("NAME", "maker, where the firmware tells none"),
    "model": ("NAME", "model, where the firmware tells none"),
}


def main() -> None:
    raise SystemExit(command(sys.argv[1:]))


def command(arguments: Sequence[str]) -> int:
    """Run one command; its exit status. What a person must know goes to standard error as one sentence."""
    flags = _parser().parse_args(arguments)
    try:
        settings = load(vars(flags), os.environ, flags.config)
        home = Home(Path(settings.state_dir))
        return int({"enroll": enroll, "run": run, "once": once, "status": status}[flags.command](flags, settings, home))
    except Trouble as trouble:
        print(f"musterroll-agent: {trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def enroll(flags: argparse.Namespace, settings: Settings, home: Home) -> int:
    from musterroll_agent.enrolment import enrol
    from musterroll_agent.identity import claim, probe

    for name in ("registry", "token"):
        if not getattr(settings, name):
            raise Trouble(f"no {name}: give it with --{name}, or as {name} in {FILE}")
    old = home.identity()
    if old is not None and not flags.force:
        raise Trouble(f"this machine is already enrolled as unit {old.unit} ({home.identity_path}): add --force to enrol it anew")
    machine = claim(probe(), settings.serial, settings.maker, settings.model)
    home.make()
    home.lock()
    identity = enrol(settings.registry, settings.token, machine, os.path.abspath(settings.ca) if settings.ca else "")
    home.save_identity(identity)
    _settle_outbox(home, old, identity)
    print(f"enrolled as unit {identity.unit}: {identity.maker} {identity.model}, serial {identity.serial}")
    if identity.status == "pending":
        print("a person must accept this enrolment before the unit is let in; `musterroll-agent run` waits for that")
    return 0


def _settle_outbox(home: Home, old: Identity | None, new: Identity) -> None:
    """What the same machine still keeps is said again under its new name; another machine's is not."""
    if old is None or not home.outbox_path.exists():
        return
    from musterroll_agent.outbox import Outbox

    outbox = Outbox(home.outbox_path, epoch=0, reserve=home.reserve_path)
    if (old.serial, old.maker) == (new.serial, new.maker):
        outbox.forget_receipts()
    else:
        outbox.clear()
    outbox.close()


def run(flags: argparse.Namespace, settings: Settings, home: Home) -> int:
    from musterroll_agent.start import make_agent

    make_agent(settings, home).run()
    return 0


def once(flags: argparse.Namespace, settings: Settings, home: Home) -> int:
    from musterroll_agent.start import make_agent

    left = make_agent(settings, home).once(flags.timeout)
    if left:
        raise Trouble(f"{left} messages have no receipt from the registry after {flags.timeout:g} s; they are kept and sent the next time")
    return 0


def status(flags: argparse.Namespace, settings: Settings, home: Home) -> int:
    from musterroll_agent.status import describe, gather

    found = gather(home)
    if flags.json:
        import json

        print(json.dumps(found, indent=2))
    else:
        print(describe(found))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="musterroll-agent", description="Tells the registry who this unit is and that it is alive.", formatter_class=_help
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--config", default="", metavar="FILE", help=f"configuration file (default {FILE})")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", prog="musterroll-agent")
    enrolling = commands.add_parser("enroll", help="turn a claim token into this unit's own credential", formatter_class=_help)
    enrolling.add_argument("--registry", metavar="URL", help="address of the registry, as https://registry.example")
    enrolling.add_argument("--token", metavar="T", help="claim token (better in MUSTERROLL_AGENT_TOKEN: others can see arguments)")
    enrolling.add_argument("--force", action="store_true", help="replace the identity this machine has")
    running = commands.add_parser("run", help="report until stopped", formatter_class=_help)
    single = commands.add_parser("once", help="report once: birth, heartbeat and whatever waits, then end", formatter_class=_help)
    single.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS", help="how long to wait for receipts (default 30)")
    asking = commands.add_parser("status", help="show who this unit is, whether it is heard, and its cover", formatter_class=_help)
    asking.add_argument("--json", action="store_true", help="as JSON")
    for each in (enrolling, running, single, asking):
        _add_settings(each, ("state_dir",) if each is asking else tuple(SETTINGS))
    return parser


def _help(prog: str) -> argparse.HelpFormatter:
    """A set width: to ask the terminal for one, argparse imports shutil and with it three compression libraries, for every command."""
    return argparse.HelpFormatter(prog, width=100)


def _add_settings(parser: argparse.ArgumentParser, names: Sequence[str]) -> None:
    for name in names:
        metavar, text = SETTINGS[name]
        parser.add_argument("--" + name.replace("_", "-"), metavar=metavar, help=text)
    parser.add_argument("--log-level", choices=CHOICES["log_level"], help="default info")
    parser.add_argument("--log-format", choices=CHOICES["log_format"], help="default plain")
