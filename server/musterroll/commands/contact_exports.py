"""`musterroll contacts export`: contacts as a file that a campaign program imports."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from musterroll.commands.context import Context, clock
from musterroll.domain.contacts.campaigns import Program
from musterroll.storage.contacts import exports as stored
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.contacts import CampaignExport

_PAGE = 5_000


@click.command()
@click.option(
    "--for", "program", required=True, type=click.Choice([program.value for program in Program]), help="Program that imports the file."
)
@click.option("--segment", metavar="KEY", help="Only contacts of accounts in this segment.")
@click.option("--all", "whole", is_flag=True, help="Also those unchanged since the last export.")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def export(context: Context, program: str, segment: str | None, whole: bool, file: Path | None) -> None:
    """Write contacts that agreed to e-mails to FILE (default: standard output), as CSV with the headings of the program."""
    from musterroll.api.contact_exports import columns, contact_out
    from musterroll.api.http.lists import csv_lines
    from musterroll.usecases.contacts import exports

    database = context.database()
    with database.transaction() as session:
        row = exports.export(session, exports.ExportRequest(Program(program), segment, whole), "command line", clock())
        sentence = exports.says(row)
    pages: Iterator[list[Any]] = ([contact_out(contact, row) for contact in contacts] for contacts in _contacts(database, row))
    text = "".join(csv_lines(columns(row.program), pages))
    if file is None:
        click.echo(text, nl=False)
    else:
        file.write_text(text, encoding="utf-8", newline="")
    click.echo(sentence, err=True)


def _contacts(database: Database, row: CampaignExport) -> Iterator[list[Any]]:
    last = 0
    while True:
        with database.read_only() as session:
            rows = stored.exported(session, row.id or 0, last, _PAGE)
        yield rows
        if len(rows) < _PAGE:
            return
        last = rows[-1].id
