"""Follow-ups of accounts."""

from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Row, select
from sqlmodel import Session, col

from musterroll.storage.engine import bulk
from musterroll.storage.tables.access import User
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.follow_ups import FollowUp

_F = FollowUp
_COLUMNS = (col(_F.id), col(_F.assignee), col(_F.due_on), col(_F.comment), col(_F.done))
_ROWS = select(*_COLUMNS, col(Account.ref), col(Account.name)).join_from(_F, Account, col(Account.id) == col(_F.account_id))


class FollowUpFilter(NamedTuple):
    """Which follow-ups; all given fields must match."""

    assignee: str = ""
    done: bool | None = None
    due_by: date | None = None


def page(session: Session, filters: FollowUpFilter, after_id: int, limit: int) -> list[Row[Any]]:
    """Follow-ups in the order they were first added, with `ref` and `name` of the account."""
    query = _ROWS.where(col(_F.id) > after_id)
    if filters.assignee:
        query = query.where(col(_F.assignee) == filters.assignee)
    if filters.done is not None:
        query = query.where(col(_F.done).is_(filters.done))
    if filters.due_by is not None:
        query = query.where(col(_F.due_on) <= filters.due_by)
    return list(session.execute(query.order_by(col(_F.id)).limit(limit)))


def by_account(session: Session, refs: Collection[str]) -> dict[str, Row[Any]]:
    """By the number of the account."""
    return {row.ref: row for row in session.execute(_ROWS.where(bulk.among(session, col(Account.ref), refs)))} if refs else {}


def of_account(session: Session, account_id: int) -> FollowUp | None:
    return session.scalars(select(_F).where(col(_F.account_id) == account_id)).one_or_none()


def is_user(session: Session, name: str) -> bool:
    return session.execute(select(col(User.id)).where(col(User.name) == name, col(User.disabled_at).is_(None))).first() is not None
