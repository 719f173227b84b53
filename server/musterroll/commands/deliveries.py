"""`musterroll plan deliveries`: the planned deliveries of the capacity plan."""

from datetime import date
from typing import Any

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.reconciliation import DayOrInstant
from musterroll.commands.tables import Column, Columns, json_option, print_list
from musterroll.storage.capacity import deliveries as stored_deliveries
from musterroll.storage.capacity.deliveries import DeliveryOf

_DELIVERIES: Columns[DeliveryOf] = (
    Column("ID", lambda row: row.delivery.id, right=True),
    Column("DATE", lambda row: row.delivery.on),
    Column("PRODUCT", lambda row: f"{row.maker} {row.model}"),
    Column("ORDER", lambda row: row.delivery.ref or "-"),
    Column("UNITS", lambda row: f"{row.delivery.quantity:,}", right=True),
    Column("80 % RANGE", lambda row: _range(row), right=True),
)


@click.group()
def deliveries() -> None:
    """Planned deliveries: what the plan takes for the deployments to come. To import a list: musterroll import deliveries FILE"""


@deliveries.command("list")
@json_option
@click.pass_obj
def list_(context: Context, as_json: bool) -> None:
    """List the deliveries planned from today on."""
    with context.database().snapshot() as session:
        rows = stored_deliveries.since(session, clock().date())
    empty = "No planned deliveries. To import a list: musterroll import deliveries FILE"
    print_list(rows, _DELIVERIES, empty=empty, as_json=as_json, shape=_shape)


@deliveries.command()
@click.argument("day", type=DayOrInstant())
@click.argument("maker")
@click.argument("model")
@click.argument("quantity", type=click.IntRange(min=0))
@click.option("--order", default="", help="Order number, to tell several deliveries of a day apart.")
@click.option("--least", type=click.IntRange(min=0), help="With --most: the 80 % range of the number of units.")
@click.option("--most", type=click.IntRange(min=0), help="With --least: the 80 % range of the number of units.")
@click.pass_obj
def add(context: Context, day: date, maker: str, model: str, quantity: int, order: str, least: int | None, most: int | None) -> None:
    """Plan a delivery, as in: musterroll plan deliveries add 2027-03-01 Acme 'Pump 3' 40"""
    from musterroll.usecases.imports import record_entry
    from musterroll.usecases.imports.record_entry import Entry

    ends = {name: "" if value is None else str(value) for name, value in (("least", least), ("most", most))}
    cells = {"on": f"{day:%Y-%m-%d}", "maker": maker, "model": model, "ref": order, "quantity": str(quantity), **ends}
    with context.database().transaction() as session:
        change = record_entry.add(session, Entry("deliveries", cells, "cli"), clock())
    click.echo(f"Planned. To undo: musterroll changes undo {change.id}")


@deliveries.command()
@click.argument("number", type=int)
@click.pass_obj
def remove(context: Context, number: int) -> None:
    """Delete planned delivery NUMBER, its ID in the list."""
    from musterroll.usecases.capacity import deliveries as capacity_deliveries

    with context.database().transaction() as session:
        change = capacity_deliveries.remove(session, number, "cli", clock())
    click.echo(f"Deleted. To undo: musterroll changes undo {change.id}")


def _range(row: DeliveryOf) -> str:
    least, most = (row.delivery.quantity if end is None else end for end in (row.delivery.least, row.delivery.most))
    return "-" if least == most else f"{least:,} to {most:,}"


def _shape(row: DeliveryOf) -> dict[str, Any]:
    facts = row.delivery.model_dump(mode="json", include={"id", "on", "quantity", "least", "most"})
    return {**facts, "maker": row.maker, "model": row.model, "order": row.delivery.ref}
