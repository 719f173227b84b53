"""`musterroll export --parquet`: the registry's facts as tables for analysis."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from musterroll.commands.context import clock
from musterroll.commands.tables import print_json
from musterroll.storage.engine.database import Database
from musterroll.usecases.analytics.export import export as export_tables

_PARTS = 100  # of a progress bar


def export(database: Database, folder: Path, as_json: bool) -> None:
    """Write all tables to a folder, and print how many rows each has."""
    with _progress(as_json) as progress, database.frozen() as session:
        now = clock()
        rows = export_tables(session, folder, now, progress)
    if as_json:
        print_json({"folder": str(folder), "as_of": now.isoformat(timespec="milliseconds"), "rows": rows})
        return
    tables = ", ".join(f"{name} {count:,}" for name, count in rows.items())
    click.echo(f"{folder}: {len(rows)} tables as of {now:%Y-%m-%d %H:%M:%S} UTC, with rows: {tables}. Their columns: docs/analytics.md")


@contextmanager
def _progress(as_json: bool) -> Iterator[Callable[[float], None]]:
    """A progress bar on standard error, if that is a terminal."""
    if as_json or not sys.stderr.isatty():
        yield lambda done: None
        return
    with click.progressbar(length=_PARTS, label="Exporting", file=sys.stderr) as bar:
        yield lambda done: bar.update(int(done * _PARTS) - bar.pos)
