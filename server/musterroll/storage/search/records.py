"""Records that match a text, by kind. Each word must be in one of the fields that are looked through; equal numbers come first.

These tables hold tens of thousands of rows at most in a registry of a million units, so parts of words are found by reading them through.
Units and incidents, of which there may be millions, are found by index only.
"""

from collections.abc import Mapping
from functools import reduce
from typing import Any, NamedTuple

from sqlalchemy import Select, func, or_, select
from sqlmodel import Session, col

from musterroll.storage.engine.search import holds
from musterroll.storage.tables.access import User
from musterroll.storage.tables.accounts import Account, Product, Site
from musterroll.storage.tables.contacts import Contact
from musterroll.storage.tables.contracts import Contract, Invoice
from musterroll.storage.tables.units import Incident
from musterroll.storage.units import incidents as stored_incidents

_WORDS = 6  # of a text that are looked for


class Match(NamedTuple):
    """`key`: what its address is made of; `detail`: one line about it; `fields`: what was looked through, by name."""

    key: str
    name: str
    detail: str
    fields: dict[str, str]


def accounts(session: Session, text: str, limit: int) -> list[Match]:
    fields: dict[str, Any] = {"number": Account.ref, "name": Account.name, "website": Account.website}
    query = _holding(text, fields, (Account.country, Account.segment)).where(col(Account.merged_into_id).is_(None))
    rows = session.execute(_best_first(query, text, Account.ref, Account.name).limit(limit))
    return [_match(row, fields, row.number, row.name, row.number, row.segment, row.country) for row in rows]


def sites(session: Session, text: str, limit: int) -> list[Match]:
    fields: dict[str, Any] = {"number": Site.ref, "name": Site.name, "postcode": Site.postcode}
    query = _holding(text, fields, (Site.country, col(Account.name).label("account")))
    query = query.outerjoin_from(Site, Account, col(Account.id) == col(Site.account_id))
    rows = session.execute(_best_first(query, text, Site.ref, Site.name).limit(limit))
    return [_match(row, fields, row.number, row.name, row.number, row.account, row.postcode, row.country) for row in rows]


def contracts(session: Session, text: str, limit: int) -> list[Match]:
    fields: dict[str, Any] = {"number": Contract.ref, "subscription": func.coalesce(Invoice.subscription, "")}
    query = _holding(text, fields, (Contract.state, Contract.ends_on, col(Account.name).label("account")))
    query = query.outerjoin_from(Contract, Account, col(Account.id) == col(Contract.account_id))
    query = query.outerjoin(Invoice, col(Invoice.contract_id) == col(Contract.id))
    rows = session.execute(_best_first(query, text, Contract.ref).limit(limit))
    return [_match(row, fields, row.number, row.number, row.account, row.state, row.subscription) for row in rows]


def incidents(session: Session, text: str, limit: int) -> list[Match]:
    columns: tuple[Any, ...] = (col(Incident.ref).label("number"), col(Incident.category), col(Incident.serial), col(Incident.closed_on))
    rows = session.execute(select(*columns).where(stored_incidents.begins(text)).order_by(col(Incident.ref)).limit(limit))
    return [
        _match(row, ("number",), row.number, row.number, row.category, row.serial, "closed" if row.closed_on else "open") for row in rows
    ]


def products(session: Session, text: str, limit: int) -> list[Match]:
    fields: dict[str, Any] = {"model": Product.model, "maker": Product.maker, "family": Product.family}
    query = _holding(text, fields, (Product.id,))
    rows = session.execute(_best_first(query, text, Product.model, Product.maker).limit(limit))
    return [_match(row, fields, str(row.id), row.model, row.maker) for row in rows]


def contacts(session: Session, text: str, limit: int) -> list[Match]:
    c: Any = Contact
    name = func.trim(func.concat(Contact.first_name, " ", Contact.last_name))
    fields: dict[str, Any] = {"name": name, "e-mail": c.email, "phone": c.phone, "number": c.ref}
    query = _holding(text, fields, (c.role, col(Account.name).label("account")))
    query = query.outerjoin_from(c, Account, col(Account.id) == col(c.account_id))
    rows = session.execute(_best_first(query, text, c.ref, c.email, c.last_name).limit(limit))
    return [_match(row, fields, row.number, row.name or row.number, row.role, row.account, row._mapping["e-mail"]) for row in rows]


def users(session: Session, text: str, limit: int) -> list[Match]:
    fields: dict[str, Any] = {"name": User.name}
    query = _best_first(_holding(text, fields, (User.id, User.role)), text, User.name)
    return [_match(row, fields, str(row.id), row.name, row.role) for row in session.execute(query.limit(limit))]


def _holding(text: str, fields: Mapping[str, Any], others: tuple[Any, ...]) -> Select[Any]:
    words = text.split()[:_WORDS]
    columns = [field.label(name) for name, field in fields.items()]
    # Lowered once for all fields: where most rows do not match, that is most of the work.
    together = reduce(lambda left, right: left + "\n" + right, fields.values())
    return select(*columns, *others).where(*(holds(word, together) for word in words))


def _best_first(query: Select[Any], text: str, *columns: Any) -> Select[Any]:
    """Rows whose first column is the text, then those where a column begins with it, then the others, by the first column."""
    lowered = [func.lower(column) for column in columns]
    begins = or_(*(column.startswith(text.lower(), autoescape=True) for column in lowered))
    return query.order_by(lowered[0] != text.lower(), ~begins, columns[0])


def _match(row: Any, fields: Any, key: str, name: str, *details: Any) -> Match:
    detail = " · ".join(str(part) for part in details if part)
    return Match(key, name, detail, {field: row._mapping[field] or "" for field in fields})
