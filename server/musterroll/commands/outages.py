"""`musterroll outages`: units that fell silent together."""

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.tables import Column, Columns, json_option, limit_option, print_list
from musterroll.domain.liveness.outages import CAUSES, extent, lasted
from musterroll.domain.values.errors import NotFound
from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.storage.liveness import outages as stored
from musterroll.storage.liveness.outages import OutageUnit, OutageView

_UNITS: Columns[OutageUnit] = (
    Column("UNIT", lambda unit: unit.uid),
    Column("SERIAL", lambda unit: unit.serial),
    Column("LAST REPORT BEFORE", lambda unit: f"{from_ms(unit.heard_at):%Y-%m-%d %H:%M:%S} UTC"),
    Column("RETURNED", lambda unit: None if unit.returned_at is None else f"{from_ms(unit.returned_at):%Y-%m-%d %H:%M:%S} UTC"),
)


@click.group()
def outages() -> None:
    """Outages: units of one site, account or firmware that fell silent together."""


@outages.command("list")
@click.option("--open", "only_open", is_flag=True, help="Only those that are not over.")
@limit_option("outages")
@json_option
@click.pass_obj
def list_(context: Context, only_open: bool, limit: int, as_json: bool) -> None:
    """List outages, newest first."""
    now = to_ms(clock())
    with context.database().snapshot() as session:
        views = stored.listed(session, None, limit, only_open)
    columns: Columns[OutageView] = (
        Column("ID", lambda view: view.outage.id, right=True),
        Column("OUTAGE", lambda view: extent(view.outage.kind, view.outage.name, view.outage.silent, view.outage.units)),
        Column("SINCE", lambda view: f"{from_ms(view.outage.since):%Y-%m-%d %H:%M:%S} UTC"),
        Column("LASTED", lambda view: _lasted(view, now), right=True),
        Column("STATE", lambda view: "open" if view.outage.closed_at is None else "over"),
        Column("LIKELY CAUSE", lambda view: CAUSES[view.outage.kind]),
    )
    print_list(views, columns, empty="No outages.", as_json=as_json, shape=_shape)


@outages.command("units")
@click.argument("number", type=click.IntRange(1, 2**53 - 1))
@limit_option("units")
@json_option
@click.pass_obj
def units(context: Context, number: int, limit: int, as_json: bool) -> None:
    """List the units of outage NUMBER, those still silent first."""
    with context.database().snapshot() as session:
        if stored.outage(session, number) is None:
            raise NotFound(f"there is no outage {number}")
        rows = stored.units(session, number, None, limit)
    print_list(rows, _UNITS, empty="No units.", as_json=as_json, shape=lambda unit: unit._asdict())


def _lasted(view: OutageView, now: int) -> str:
    return lasted(view.outage.since, now if view.outage.closed_at is None else view.outage.closed_at)


def _shape(view: OutageView) -> dict[str, object]:
    columns = view.outage.model_dump(exclude={"account_id", "site_id", "key"})
    return {**columns, "cause": CAUSES[view.outage.kind], "account": view.account_ref, "site": view.site_ref}
