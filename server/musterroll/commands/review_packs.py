"""`musterroll review-pack`: the PDF and the workbook of each month and quarter."""

from pathlib import Path
from typing import Any

import click
from sqlalchemy import Row

from musterroll.commands.context import Context, clock
from musterroll.commands.tables import Column, Columns, json_option, print_list
from musterroll.domain.values.instants import from_ms
from musterroll.storage.installed_base import targets as stored
from musterroll.usecases.installed_base import review_packs
from musterroll.usecases.installed_base.review_packs import PackOf

_ROWS: Columns[Row[Any]] = (
    Column("PERIOD", lambda row: PackOf(row.period, row.first_on).label),
    Column("AS OF", lambda row: row.as_of_on),
    Column("MADE", lambda row: f"{from_ms(row.made_at):%Y-%m-%d %H:%M} UTC"),
    Column("PDF", lambda row: f"{row.pdf_bytes:,} bytes", right=True),
    Column("XLSX", lambda row: f"{row.xlsx_bytes:,} bytes", right=True),
)


@click.group("review-pack")
def review_pack() -> None:
    """Review packs: one PDF and one workbook for each month and quarter that is over."""


@review_pack.command("list")
@json_option
@click.pass_obj
def list_(context: Context, as_json: bool) -> None:
    """List review packs, the newest first."""
    with context.database().snapshot() as session:
        rows = stored.packs(session)
    print_list(rows, _ROWS, empty="No review packs yet.", as_json=as_json, shape=_shape)


@review_pack.command("save")
@click.argument("period")
@click.argument("directory", type=click.Path(file_okay=False, exists=True, path_type=Path), default=Path())
@click.pass_obj
def save(context: Context, period: str, directory: Path) -> None:
    """Save the files of a PERIOD, such as 2026-11 or 2026-Q4, in DIRECTORY (default: this one)."""
    label = review_packs.named(period).label
    with context.database().snapshot() as session:
        pack = review_packs.pack(session, period)
    for form, body in (("pdf", pack.pdf), ("xlsx", pack.xlsx)):
        path = directory / f"review-{label}.{form}"
        path.write_bytes(body)
        click.echo(f"Saved {path} ({len(body):,} bytes)")


@review_pack.command("make")
@click.argument("period")
@click.pass_obj
def make(context: Context, period: str) -> None:
    """Make the pack of a PERIOD that is over, by the present records; it takes the place of an earlier one."""
    of, now, database = review_packs.named(period), clock(), context.database()
    with database.snapshot() as session:
        pack = review_packs.make(session, of, now)
    with database.transaction() as session:
        stored = review_packs.keep(session, of, pack, now)
    outcome = "" if stored else "; nothing was deployed then, so nothing is stored"
    click.echo(f"Made the review pack of {of.label}, figures as of {pack.review.as_of}{outcome}")


def _shape(row: Row[Any]) -> dict[str, Any]:
    facts = {name: getattr(row, name) for name in ("period", "pdf_bytes", "xlsx_bytes")}
    return {"label": PackOf(row.period, row.first_on).label, "as_of": row.as_of_on, "made_at": from_ms(row.made_at).isoformat(), **facts}
