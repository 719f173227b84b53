"""`musterroll contacts`: people at customers."""

from typing import Any

import click
from sqlalchemy import Row

from musterroll.commands import contact_exports, customer_page, reminders
from musterroll.commands.context import Context, clock
from musterroll.commands.tables import Column, Columns, json_option, limit_option, print_list
from musterroll.domain.contacts.consent import Consent
from musterroll.storage.contacts import contacts as stored
from musterroll.storage.contacts.contacts import ContactFilter

_ACTOR = "command line"
_FIELDS = ("first_name", "last_name", "role", "email", "phone", "language", "consent", "consent_source", "consent_on")
_CONTACTS: Columns[Row[Any]] = (
    Column("ID", lambda row: row.ref),
    Column("NAME", lambda row: f"{row.first_name} {row.last_name}".strip() or "-"),
    Column("E-MAIL", lambda row: row.email or "-"),
    Column("ACCOUNT", lambda row: row.account_ref or "-"),
    Column("SITE", lambda row: row.site_ref or "-"),
    Column("CONSENT", lambda row: row.consent),
)


@click.group()
def contacts() -> None:
    """People at customers.

    To import a list: musterroll import contacts FILE; to add one: musterroll records add contacts first_name=Anna ...
    """


contacts.add_command(reminders.reminders)
contacts.add_command(contact_exports.export)
contacts.add_command(customer_page.page)


@contacts.command("list")
@click.option("--account", metavar="ID", help="Only those of this account and its subsidiaries.")
@click.option("--consent", type=click.Choice([consent.value for consent in Consent]), help="Only those with this answer.")
@click.option("--text", default="", help="Only those with this text in a name, e-mail address or number.")
@limit_option("contacts")
@json_option
@click.pass_obj
def list_(context: Context, account: str | None, consent: str | None, text: str, limit: int, as_json: bool) -> None:
    """List contacts in the order they were added."""
    from musterroll.usecases.accounts import hierarchy

    with context.database().snapshot() as session:
        under = hierarchy.account(session, account).id if account else None
        rows = stored.page(session, ContactFilter(under, Consent(consent) if consent else None, text), 0, limit)
    print_list(rows, _CONTACTS, empty="No contacts. To import a list: musterroll import contacts FILE", as_json=as_json, shape=_shape)


@contacts.command()
@click.argument("contact")
@click.pass_obj
def remove(context: Context, contact: str) -> None:
    """Delete CONTACT, its ID in the list."""
    from musterroll.usecases.contacts import contacts as customer_contacts

    with context.database().transaction() as session:
        change = customer_contacts.remove(session, contact, _ACTOR, clock())
    click.echo(f"Deleted. To undo: musterroll changes undo {change.id}")


def _shape(row: Row[Any]) -> dict[str, Any]:
    return {"id": row.ref, "account": row.account_ref, "site": row.site_ref, **{name: getattr(row, name) for name in _FIELDS}}
