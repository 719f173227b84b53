"""`musterroll search`: everything that a text matches."""

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.tables import Column, Columns, json_option, limit_option, print_list
from musterroll.domain.access import Role
from musterroll.usecases.search import search as use_case
from musterroll.usecases.search.hits import Hit

_HITS: Columns[Hit] = (
    Column("KIND", lambda hit: hit.kind),
    Column("NUMBER", lambda hit: hit.key),
    Column("NAME", lambda hit: hit.name),
    Column("MATCHED", lambda hit: hit.matched),
    Column("ABOUT", lambda hit: hit.detail),
)


@click.command()
@click.argument("text")
@limit_option("records of each kind", default=use_case.SHOWN, most=50)
@json_option
@click.pass_obj
def search(context: Context, text: str, limit: int, as_json: bool) -> None:
    """Search units, accounts, sites, contracts, incidents, products and people for TEXT: a number, a name or a scanned code."""
    with context.database().read_only() as session:
        groups = use_case.search(session, text, clock(), Role.ADMIN, most=limit)
    hits = [hit for group in groups for hit in group.hits]
    print_list(hits, _HITS, empty="Nothing matches.", as_json=as_json, shape=lambda hit: hit._asdict())
