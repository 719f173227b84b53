"""`musterroll`: all commands, and the one place that turns a refusal into an error message."""

import os
import sys
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import OperationalError

from musterroll import __version__
from musterroll.commands import (
    admin,
    audit,
    coverage,
    definitions,
    findings,
    follow_ups,
    import_history,
    installed_base,
    licences,
    limits,
    notifications,
    outages,
    plans,
    products,
    proposals,
    rates,
    reconciliation,
    records,
    reliability,
    renewals,
    serve,
    sources,
    units,
    usage,
    users,
    worth,
)
from musterroll.commands.context import Context, fail
from musterroll.commands.imports import import_
from musterroll.commands.simulate import simulate
from musterroll.commands.templates import columns_, template_
from musterroll.domain.values.errors import DomainError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--data-dir", type=click.Path(path_type=Path), help="Directory of the embedded database (MUSTERROLL_DATA_DIR).")
@click.version_option(__version__, prog_name="musterroll")
@click.pass_context
def cli(context: click.Context, data_dir: Path | None) -> None:
    """Installed-base registry of a device fleet: what is deployed, what is operating, and what the contracts cover."""
    context.obj = Context(data_dir=data_dir)


_COMMANDS: tuple[click.Command, ...] = (
    *(serve.serve, serve.web, serve.ingest, serve.schedule, serve.demo, simulate),
    *(admin.db, import_, admin.token, users.user, admin.config, admin.asyncapi),
    *(
        import_history.imports,
        import_history.mappings,
        sources.sources,
        records.export,
        records.records,
        columns_,
        definitions.definitions,
        template_,
        audit.audit,
        audit.changes,
        notifications.notify,
    ),
    *(reconciliation.reconcile, coverage.coverage, findings.findings, licences.licences, worth.worth, follow_ups.follow_ups, limits.limits),
    *(installed_base.installed_base, plans.plan, reliability.reliability, proposals.proposals),
    *(renewals.renewals, renewals.segments),
    *(products.products, products.policies, rates.rates),
    *(units.units, outages.outages, usage.usage),
)
for _command in _COMMANDS:
    cli.add_command(_command)


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line. A refusal or an unreachable database gives a one-sentence error and exit status 1."""
    try:
        return cli.main(arguments, prog_name="musterroll")
    except DomainError as refusal:
        fail(str(refusal))
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        fail(f"the database is not available: {reason}; check MUSTERROLL_DATABASE_URL and MUSTERROLL_DATA_DIR")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
