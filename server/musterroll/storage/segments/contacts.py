"""Whom to call at the accounts of a segment."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from musterroll.domain.contacts.consent import Consent
from musterroll.storage.engine import bulk
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.contacts import Contact


class MainContact(NamedTuple):
    """One contact of an account. An e-mail address that must not be written to is left out."""

    name: str = ""
    role: str = ""
    email: str = ""
    phone: str = ""
    consent: str = ""  # to e-mails; empty: there is no contact


def main_contacts(session: Session, refs: Collection[str]) -> dict[str, MainContact]:
    """By account number: contacts of the whole account before those of a site, those with consent first, then as they were added."""
    c = Contact
    names = (col(c.first_name), col(c.last_name), col(c.role), col(c.email), col(c.phone), col(c.consent), col(c.site_id), col(c.id))
    query = select(col(Account.ref), *names).join_from(c, Account, col(Account.id) == col(c.account_id))
    rows = session.execute(query.where(bulk.among(session, col(Account.ref), refs))).all() if refs else []
    ordered = sorted(rows, key=lambda row: (row.site_id is not None, list(Consent).index(row.consent), row.id), reverse=True)
    return {row.ref: _contact(row.first_name, row.last_name, row.role, row.email, row.phone, row.consent) for row in ordered}


def _contact(first: str, last: str, role: str, email: str, phone: str, consent: Consent) -> MainContact:
    return MainContact(f"{first} {last}".strip(), role, "" if consent is Consent.NO else email, phone, consent.value)
