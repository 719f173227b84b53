"""Exports of contacts for campaigns."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from musterroll.domain.contacts.campaigns import CampaignContact, Program
from musterroll.domain.contacts.consent import Consent
from musterroll.storage.contacts.reminders import consenting
from musterroll.storage.engine import bulk
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.contacts import CampaignExport, Contact, ExportedContact

_BATCH = 5_000


def contacts(session: Session, accounts: Collection[str] | None) -> Iterator[list[CampaignContact]]:
    """All contacts, or those of these accounts (numbers), in the order they were added, some at a time."""
    query, after = _contacts(), 0
    if accounts is not None:
        query = query.where(bulk.among(session, col(Account.ref), accounts))
    while rows := [CampaignContact(*row) for row in session.execute(query.where(col(Contact.id) > after).limit(_BATCH))]:
        yield rows
        after = rows[-1].id


def digests(session: Session, program: Program, ids: Collection[int]) -> dict[int, str]:
    """What the last export of these contacts said."""
    e = ExportedContact
    query = select(col(e.contact_id), col(e.digest)).where(col(e.program) == program, bulk.among(session, col(e.contact_id), ids))
    return {row.contact_id: row.digest for row in session.execute(query)}


def remember(session: Session, program: Program, export_id: int, rows: Sequence[CampaignContact]) -> None:
    insert: Any = postgresql.insert if bulk.postgres(session) else sqlite.insert
    for start in range(0, len(rows), 500):
        values = [
            {"program": program, "contact_id": row.id, "export_id": export_id, "digest": row.digest} for row in rows[start : start + 500]
        ]
        statement = insert(ExportedContact).values(values)
        new = {"export_id": statement.excluded.export_id, "digest": statement.excluded.digest}
        session.execute(statement.on_conflict_do_update(index_elements=["program", "contact_id"], set_=new))


def get(session: Session, export_id: int) -> CampaignExport | None:
    return session.get(CampaignExport, export_id)


def page(session: Session, before: int | None, limit: int) -> list[CampaignExport]:
    """Exports, newest first, those before row `before`."""
    query = select(CampaignExport).order_by(col(CampaignExport.id).desc()).limit(limit)
    return list(session.scalars(query if before is None else query.where(col(CampaignExport.id) < before)))


def exported(session: Session, export_id: int, after: int, limit: int) -> list[CampaignContact]:
    """The contacts of an export after row `after`: not those that a later one has, nor those whose consent is gone."""
    query = _contacts().join(ExportedContact, col(ExportedContact.contact_id) == col(Contact.id))
    query = query.where(col(ExportedContact.export_id) == export_id, col(Contact.id) > after, *consenting()).limit(limit)
    return [CampaignContact(*row) for row in session.execute(query)]


def _contacts() -> Select[Any]:
    c, other = Contact, aliased(Contact)
    refused: Any = exists().where(col(other.email) == col(c.email), col(other.email) != "", col(other.consent) == Consent.NO)
    columns: tuple[Any, ...] = (col(c.id), col(c.ref), col(c.first_name), col(c.last_name), col(c.role), col(c.email), col(c.phone))
    query = select(*columns, col(c.language), func.coalesce(col(Account.name), ""), col(c.consent), refused)
    return query.outerjoin_from(c, Account, col(Account.id) == col(c.account_id)).order_by(col(c.id))
