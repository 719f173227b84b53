"""`musterroll`: all commands, and the one place that turns a refusal into an error message."""

import gc
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from musterroll import __version__
from musterroll.commands import COMMANDS
from musterroll.commands.context import Context, fail
from musterroll.domain.values.errors import DomainError


class Commands(click.Group):
    """Imports the module of a command only when it is needed: most of them import half of the registry."""

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        gc.disable()  # nothing that an import makes is garbage, and looking for it takes a fifth of the start
        command: click.Command = getattr(import_module(f"musterroll.commands.{COMMANDS[name].module}"), COMMANDS[name].name)
        gc.enable()
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].summary) for name in self.list_commands(context)])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--data-dir", type=click.Path(path_type=Path), help="Directory of the embedded database (MUSTERROLL_DATA_DIR).")
@click.version_option(__version__, prog_name="musterroll")
@click.pass_context
def cli(context: click.Context, data_dir: Path | None) -> None:
    """Installed-base registry of a device fleet: what is deployed, what is operating, and what the contracts cover."""
    context.obj = Context(data_dir=data_dir)


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line. A refusal or an unreachable database gives a one-sentence error and exit status 1."""
    try:
        return cli.main(arguments, prog_name="musterroll")
    except DomainError as refusal:
        fail(str(refusal))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        from sqlalchemy.exc import OperationalError  # not for every `--help`

        if not isinstance(error, OperationalError):
            raise
        reason = str(error.orig).strip().splitlines()[0]
        fail(f"the database is not available: {reason}; check MUSTERROLL_DATABASE_URL and MUSTERROLL_DATA_DIR")
