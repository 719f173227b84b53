"""Contacts of accounts and sites. Lists of them are imported, and single ones added and corrected, as records."""

from datetime import date
from typing import Any

from flask import Response
from pydantic import Field
from sqlalchemy import Row
from sqlmodel import Session

from musterroll.api.audit import ChangeOut, change_out
from musterroll.api.http.context import actor, answer, clock, transaction
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import NamedRef, RefPath, Schema, Text, named_ref
from musterroll.domain.access import Role, needs
from musterroll.domain.contacts.consent import Consent
from musterroll.domain.values import cursors
from musterroll.storage.contacts import contacts as stored
from musterroll.storage.contacts.contacts import ContactFilter
from musterroll.usecases.accounts.hierarchy import account
from musterroll.usecases.contacts import contacts

api = guarded("contacts", "contacts")


class ContactOut(Schema):
    ref: str = Field(description="Number in the customer's own systems, else the e-mail address.")
    account: NamedRef | None
    site: NamedRef | None = Field(description="Null: a contact of the whole account.")
    first_name: str
    last_name: str
    role: str
    email: str
    phone: str
    language: str = Field(description="Code such as de; empty: unknown.")
    consent: Consent = Field(description="To e-mails.")
    consent_source: str
    consent_on: date | None


class ContactPage(Schema):
    items: list[ContactOut]
    next: str | None


class ContactQuery(ListQuery):
    account: Text | None = Field(default=None, max_length=80, description="Account number; includes subsidiaries.")
    consent: Consent | None = None
    text: Text = Field(default="", max_length=200, description="Part of a name, an e-mail address or a number.")


@listing(api, "/contacts", ContactPage, "Contacts of accounts and sites", 404)
@needs(Role.TECHNICIAN)
def list_contacts(query: ContactQuery) -> Response:
    """To import a list: documents of the kind `contacts`; to add or correct one: `/records/contacts`."""

    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        under = account(session, query.account).id if query.account else None
        rows = stored.page(session, ContactFilter(under, query.consent, query.text), cursors.number(cursor) or 0, limit + 1)
        shown, following = cursors.cut(rows, limit, lambda row: (row.id,))
        return list(map(_out, shown)), following

    return listed(ContactPage, query, "contacts", fetch)


@api.delete("/contacts/<ref>", summary="Delete a contact", responses={200: ChangeOut, **documented(404, 409)})
@needs(Role.PLANNER)
def delete_contact(path: RefPath) -> Response:
    """Can be undone; the audit log keeps what the contact was."""
    with transaction() as session:
        return answer(change_out(contacts.remove(session, path.ref, actor(), clock())))


def _out(row: Row[Any]) -> ContactOut:
    own = {name: getattr(row, name) for name in ContactOut.model_fields if name not in ("account", "site")}
    return ContactOut(account=named_ref(row.account_ref, row.account_name), site=named_ref(row.site_ref, row.site_name), **own)
