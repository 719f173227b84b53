"""References to a merged record, redirected to the surviving one."""

from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session, SQLModel

from musterroll.domain.contracts.terms import LineScope

# References to an account and to a unit: table and column. The place of a line is an account only in some scopes.
ACCOUNT: tuple[tuple[str, str], ...] = (
    *(("site", "account_id"), ("unit", "account_id"), ("contract", "account_id"), ("claim_token", "account_id")),
    *(("incident", "account_id"), ("contact", "account_id"), ("issued_invoice", "account_id")),
    *(("account", "parent_id"), ("account", "merged_into_id"), ("contract_line", "place_id")),
)
UNIT: tuple[tuple[str, str], ...] = (("incident", "unit_id"), ("unit", "replaced_by_id"), ("unit", "merged_into_id"))


def referring(session: Session, table: str, column: str, old: int) -> list[int]:
    """The keys of the rows of a table whose column refers to a record."""
    target = SQLModel.metadata.tables[table]
    query = select(target.c.id).where(_refers(target, column, old)).order_by(target.c.id)
    return list(session.execute(query).scalars())


def redirect(session: Session, table: str, column: str, old: int, new: int) -> None:
    """Make them refer to another record."""
    target = SQLModel.metadata.tables[table]
    session.connection().execute(update(target).where(_refers(target, column, old)).values({column: new}))


def _refers(table: Any, column: str, old: int) -> Any:
    refers = table.c[column] == old
    return refers & table.c.scope.in_((LineScope.ACCOUNT, LineScope.SUBTREE)) if column == "place_id" else refers
