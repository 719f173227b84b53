"""The tree of accounts, in SQL."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from musterroll.storage.engine import bulk, search
from musterroll.storage.tables.accounts import Account

_FEW = 2000  # accounts


class AccountNode(NamedTuple):
    """An account in the tree; `depth` is 0 at the requested root."""

    id: int
    ref: str
    name: str
    parent_id: int | None
    segment: str
    country: str
    depth: int


class AccountFilter(NamedTuple):
    """Which accounts; all given fields must match."""

    under_id: int | None = None  # includes the account itself
    segment: str | None = None
    country: str | None = None
    text: str = ""  # part of number, name or website


def page(session: Session, filters: AccountFilter, after: str | None, limit: int) -> list[Row[Any]]:
    """Accounts by number, after `after`: columns of the table, and number and name of the parent (`parent_*`).

    Without merged ones.
    """
    where: list[ColumnElement[bool]] = [col(Account.merged_into_id).is_(None)]
    if after is not None:
        where.append(col(Account.ref) > after)
    if filters.under_id is not None:
        where.append(col(Account.id).in_(subtree(filters.under_id)))
    if filters.segment is not None:
        where.append(col(Account.segment) == filters.segment)
    if filters.country is not None:
        where.append(col(Account.country) == filters.country)
    if filters.text:
        where.append(search.holds(filters.text, Account.ref, Account.name, Account.website))
    return list(session.execute(_with_parent().where(*where).order_by(col(Account.ref)).limit(limit)))


def row(session: Session, account_id: int) -> Row[Any]:
    """An account with the columns of `page`."""
    return session.execute(_with_parent().where(col(Account.id) == account_id)).one()


def _with_parent() -> Select[Any]:
    parent: Any = aliased(Account)
    columns = (*Account.__table__.columns, parent.ref.label("parent_ref"), parent.name.label("parent_name"))  # type: ignore[attr-defined]
    return select(*columns).outerjoin_from(Account, parent, parent.id == col(Account.parent_id))


def subtree(account_id: int) -> Select[Any]:
    """The ids of an account and its subsidiaries, for `IN (...)`. Ends at a cycle, which no use case allows."""
    tree = select(col(Account.id).label("id")).where(col(Account.id) == account_id).cte("subtree", recursive=True)
    tree = tree.union(select(col(Account.id)).where(col(Account.parent_id) == tree.c.id))
    return select(tree.c.id)


def below(session: Session, account_id: int) -> Any:
    """The same, for selects over many units: few accounts are listed by id, so that their units are found by index."""
    tree = subtree(account_id)
    ids = list(session.execute(tree.limit(_FEW + 1)).scalars())
    return ids if len(ids) <= _FEW else tree


def refs_below(session: Session, account_id: int) -> set[str]:
    """The numbers of the same."""
    return set(session.execute(select(col(Account.ref)).where(col(Account.id).in_(subtree(account_id)))).scalars())


def lineage(session: Session, account_id: int) -> list[int]:
    """The ids of an account and its ancestors, in no order."""
    steps: Any = select(col(Account.id).label("id"), col(Account.parent_id).label("up"))
    up = steps.where(col(Account.id) == account_id).cte("up", recursive=True)
    up = up.union(select(col(Account.id), col(Account.parent_id)).where(col(Account.id) == up.c.up))
    return list(session.execute(select(up.c.id)).scalars())


def path(session: Session, account_id: int) -> list[tuple[str, str]]:
    """Number and name of an account and its ancestors, root first."""
    ancestors: list[tuple[str, str]] = []
    seen: set[int] = set()
    while account_id not in seen:
        seen.add(account_id)
        row = session.execute(
            select(col(Account.ref), col(Account.name), col(Account.parent_id)).where(col(Account.id) == account_id)
        ).first()
        if row is None:
            break  # ancestors the user may not see
        ancestors.append((row[0], row[1]))
        account_id = row[2] or account_id
    return ancestors[::-1]


def parents_among(session: Session, ids: Collection[int]) -> set[int]:
    """The accounts among these that have subsidiaries."""
    below = select(col(Account.parent_id)).where(bulk.among(session, col(Account.parent_id), ids), col(Account.merged_into_id).is_(None))
    return set(session.execute(below.distinct()).scalars())


def by_ref(session: Session, ref: str) -> Account | None:
    if "\0" in ref:
        return None  # PostgreSQL rejects NUL even in comparisons
    return session.execute(select(Account).where(col(Account.ref) == ref)).scalar_one_or_none()


def named(session: Session, text: str) -> Account | None:
    """The account with this number, else the only one with this name, in any case."""
    row = by_ref(session, text)
    if row is not None or "\0" in text:
        return row
    same = func.lower(col(Account.name)) == text.strip().lower()
    rows = list(session.scalars(select(Account).where(same, col(Account.merged_into_id).is_(None)).limit(2)))
    return rows[0] if len(rows) == 1 else None


def ids(session: Session) -> dict[str, int]:
    """The row ids of all accounts by number."""
    return {row[0]: row[1] for row in session.execute(select(col(Account.ref), col(Account.id)))}


def refs(session: Session, ids: Collection[int]) -> dict[int, str]:
    """The numbers of these accounts by row id."""
    query = select(col(Account.id), col(Account.ref)).where(bulk.among(session, col(Account.id), ids))
    return {row[0]: row[1] for row in session.execute(query)} if ids else {}


def tree(session: Session, root_id: int | None) -> list[AccountNode]:
    """The account `root_id` and its subsidiaries, or all; parents before children, siblings by number. Without merged ones."""
    a = Account
    columns = (col(a.id), col(a.ref), col(a.name), col(a.parent_id), col(a.segment), col(a.country))
    query = select(*columns).where(col(a.merged_into_id).is_(None))
    if root_id is not None:
        query = query.where(col(Account.id).in_(subtree(root_id)))
    rows = session.execute(query.order_by(col(Account.ref))).all()
    return _in_order(rows, {row.id for row in rows})


def _in_order(rows: Sequence[Row[Any]], known: Collection[int]) -> list[AccountNode]:
    below: dict[int | None, list[Any]] = {}
    for row in rows:
        below.setdefault(row.parent_id if row.parent_id in known else None, []).append(row)
    nodes: list[AccountNode] = []
    waiting: list[tuple[Any, int]] = [(row, 0) for row in reversed(below.get(None, []))]
    while waiting:
        row, depth = waiting.pop()
        nodes.append(AccountNode(row.id, row.ref, row.name, row.parent_id, row.segment, row.country, depth))
        waiting += [(child, depth + 1) for child in reversed(below.get(row.id, []))]
    return nodes
