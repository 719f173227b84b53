"""Invoices: what is outstanding by age, and their history, of all accounts or of one with its subsidiaries."""

from datetime import UTC, date, datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.contracts import invoices as rules
from musterroll.domain.contracts.invoices import Age, AgeSum
from musterroll.domain.values import cursors
from musterroll.storage.accounts import hierarchy as stored_hierarchy
from musterroll.storage.contracts import invoices as stored
from musterroll.storage.contracts.invoices import InvoiceFilter, InvoiceOf
from musterroll.usecases.accounts.hierarchy import account


class InvoiceQuery(NamedTuple):
    """Which invoices; all given fields must match. `account`: its number, includes subsidiaries."""

    account: str = ""
    age: Age | None = None
    unpaid: bool = False
    overdue: bool = False


def ageing(session: Session, now: datetime, of_account: str | None = None) -> list[AgeSum]:
    """Every age, also those without invoices. Raises NotFound."""
    return rules.ageing(stored.ageing(session, now.astimezone(UTC).date(), _accounts(session, of_account)))


def page(session: Session, query: InvoiceQuery, now: datetime, cursor: str | None, limit: int) -> tuple[list[InvoiceOf], str | None]:
    """A page of invoices by due date, the newest first, and the next cursor. Raises NotFound, and DomainError for a bad cursor."""
    keys = cursors.decode(cursor, int, int)
    after = None if keys is None else (date.fromordinal(min(max(keys[0], 1), date.max.toordinal())), keys[1])
    filters = InvoiceFilter(_accounts(session, query.account or None), query.age, query.unpaid, query.overdue)
    rows = stored.page(session, filters, now.astimezone(UTC).date(), after, limit + 1)
    return cursors.cut(rows, limit, lambda row: (row.due_on.toordinal(), row.id))


def _accounts(session: Session, ref: str | None) -> list[int] | None:
    return None if ref is None else list(session.scalars(stored_hierarchy.subtree(account(session, ref).id or 0)))
