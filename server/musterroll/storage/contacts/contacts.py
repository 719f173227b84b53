"""Lists of contacts."""

from typing import Any, NamedTuple

from sqlalchemy import Row, Select, select
from sqlmodel import Session, col

from musterroll.domain.contacts.consent import Consent
from musterroll.storage.accounts import hierarchy
from musterroll.storage.engine.search import holds
from musterroll.storage.tables.accounts import Account, Site
from musterroll.storage.tables.contacts import Contact


class ContactFilter(NamedTuple):
    """Which contacts; all given fields must match."""

    account_id: int | None = None  # and its subsidiaries
    consent: Consent | None = None
    text: str = ""  # in a name, an e-mail address or a number


def page(session: Session, filters: ContactFilter, after: int, limit: int) -> list[Row[Any]]:
    """Contacts in the order they were added, after row `after`, each with its account and site."""
    c = Contact
    query = _with_place().where(col(c.id) > after)
    if filters.account_id is not None:
        query = query.where(col(c.account_id).in_(hierarchy.subtree(filters.account_id)))
    if filters.consent is not None:
        query = query.where(col(c.consent) == filters.consent)
    if filters.text:
        query = query.where(holds(filters.text, c.first_name, c.last_name, c.email, c.ref))
    return list(session.execute(query.order_by(col(c.id)).limit(limit)))


def of_account(session: Session, account_id: int, limit: int) -> list[Row[Any]]:
    """The contacts of an account itself, by name."""
    query = _with_place().where(col(Contact.account_id) == account_id)
    return list(session.execute(query.order_by(col(Contact.last_name), col(Contact.first_name), col(Contact.id)).limit(limit)))


def of_site(session: Session, site_id: int, limit: int) -> list[Row[Any]]:
    """The contacts whose place of work is a site, by name."""
    query = _with_place().where(col(Contact.site_id) == site_id)
    return list(session.execute(query.order_by(col(Contact.last_name), col(Contact.first_name), col(Contact.id)).limit(limit)))


def by_ref(session: Session, ref: str) -> Contact | None:
    if "\0" in ref:
        return None  # PostgreSQL rejects NUL even in comparisons
    return session.scalars(select(Contact).where(col(Contact.ref) == ref)).one_or_none()


def with_address(session: Session, email: str) -> list[Contact]:
    """Every contact with an e-mail address, locked until the transaction ends."""
    return list(session.scalars(select(Contact).where(col(Contact.email) == email).order_by(col(Contact.id)).with_for_update()))


def _with_place() -> Select[Any]:
    names: tuple[Any, ...] = (col(Account.ref).label("account_ref"), col(Account.name).label("account_name"))
    names += (col(Site.ref).label("site_ref"), col(Site.name).label("site_name"))
    columns = (*Contact.__table__.columns, *names)  # type: ignore[attr-defined]
    joined = select(*columns).outerjoin_from(Contact, Account, col(Account.id) == col(Contact.account_id))
    return joined.outerjoin(Site, col(Site.id) == col(Contact.site_id))
