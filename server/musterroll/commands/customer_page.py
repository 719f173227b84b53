"""`musterroll contacts page`: what a customer sees who scans the QR code on a unit."""

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.tables import json_option, print_json
from musterroll.domain.contacts.customer_page import PARTS, CustomerPage, Part
from musterroll.domain.values.errors import DomainError

_ACTOR = "command line"


@click.group("page")
def page() -> None:
    """The page that a customer opens by the QR code on a unit, without signing in."""


@page.command()
@json_option
@click.pass_obj
def show(context: Context, as_json: bool) -> None:
    """Print what the page shows."""
    from musterroll.usecases.contacts import customer_page

    with context.database().snapshot() as session:
        stored = customer_page.settings(session)
    parts = [part for part in Part if part in stored.parts]
    if as_json:
        print_json({"parts": parts, "help": stored.help})
    else:
        click.echo("\n".join(PARTS[part] for part in parts) if parts else "The page is off.")


@page.command("set")
@click.argument("parts", nargs=-1, type=click.Choice([part.value for part in Part]))
@click.option("--help-text", default="", help="How to call for help.")
@click.pass_obj
def set_(context: Context, parts: tuple[str, ...], help_text: str) -> None:
    """Show PARTS on the page; none turns it off. As in: musterroll contacts page set model covered report"""
    from musterroll.usecases.contacts import customer_page

    with context.database().transaction() as session:
        change = customer_page.set_page(session, CustomerPage(frozenset(map(Part, parts)), help_text), _ACTOR, clock())
        click.echo(f"Saved. To undo: musterroll changes undo {change.id}" if change else "Nothing to change.")


@page.command()
@click.argument("unit")
@click.pass_obj
def link(context: Context, unit: str) -> None:
    """Print the link of a unit's page, by its unit ID."""
    from musterroll.usecases.contacts import customer_page
    from musterroll.usecases.units.look_up import unit_card

    home = context.settings.public_url
    if home is None:
        raise DomainError("set MUSTERROLL_PUBLIC_URL to the address that customers reach", "no_public_url")
    with context.database().snapshot() as session:
        path = customer_page.path(session, unit_card(session, unit, clock()).uid)
    if path is None:
        raise DomainError("the page is off; turn it on with musterroll contacts page set", "off")
    click.echo(f"{home.rstrip('/')}{path}")


@page.command("end-link")
@click.argument("unit")
@click.pass_obj
def end_link(context: Context, unit: str) -> None:
    """End the link of one unit, by its unit ID; a new label has another."""
    from musterroll.usecases.contacts import customer_page

    with context.database().transaction() as session:
        customer_page.end_link(session, unit, _ACTOR, clock())
    click.echo("The link and the label of this unit stop working.")


@page.command("end-links")
@click.pass_obj
def end_links(context: Context) -> None:
    """End every link and QR code made so far."""
    from musterroll.usecases.contacts import customer_page

    with context.database().transaction() as session:
        customer_page.end_links(session, _ACTOR, clock())
    click.echo("Every link and label so far stops working.")
