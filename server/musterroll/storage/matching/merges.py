"""Rows that refer to a record that is merged into another, turned to that other."""

from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session

from musterroll.domain.contracts.terms import LineScope
from musterroll.storage.audit.audited_rows import papers

# What refers to an account and to a unit: table, column and, of lines, the scopes under which the place is an account.
ACCOUNT: tuple[tuple[str, str], ...] = (
    *(("site", "account_id"), ("unit", "account_id"), ("contract", "account_id"), ("claim_token", "account_id")),
    *(("account", "parent_id"), ("account", "merged_into_id"), ("contract_line", "place_id")),
)
UNIT: tuple[tuple[str, str], ...] = (("incident", "unit_id"), ("unit", "replaced_by_id"), ("unit", "merged_into_id"))


def referring(session: Session, table: str, column: str, old: int) -> list[int]:
    """The keys of the rows of a table that refer to a record by a column."""
    paper = papers()[table]
    query = select(paper.key).where(_refers(paper.table, column, old)).order_by(paper.key)
    return list(session.execute(query).scalars())


def redirect(session: Session, table: str, column: str, old: int, new: int) -> None:
    """Let them refer to another."""
    target = papers()[table].table
    session.connection().execute(update(target).where(_refers(target, column, old)).values({column: new}))


def _refers(table: Any, column: str, old: int) -> Any:
    refers = table.c[column] == old
    return refers & table.c.scope.in_((LineScope.ACCOUNT, LineScope.SUBTREE)) if column == "place_id" else refers
