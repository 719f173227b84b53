"""The tree of accounts: parents and subsidiaries."""

from datetime import datetime

from sqlmodel import Session

from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.storage import reconcile_queue
from musterroll.storage.accounts import hierarchy
from musterroll.storage.accounts.hierarchy import AccountNode
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.audit import AuditChange
from musterroll.usecases.audit import record as audit_record


def account(session: Session, ref: str) -> Account:
    """The account with this number. Raises NotFound."""
    row = hierarchy.by_ref(session, ref)
    if row is None:
        raise NotFound(f"there is no account {ref!r}")
    return row


def account_named(session: Session, text: str) -> Account:
    """The account with this number, else the only one with this name. Raises NotFound."""
    row = hierarchy.named(session, text)
    if row is None:
        raise NotFound(f"there is no account {text!r}; enter its number, or a name that only one account has")
    return row


def tree(session: Session, root: str | None = None) -> list[AccountNode]:
    """The account `root` (a number) and its subsidiaries, or all accounts; parents before children. Raises NotFound."""
    return hierarchy.tree(session, None if root is None else account(session, root).id)


def set_parent(session: Session, ref: str, parent: str | None, actor: str, now: datetime, reason: str = "") -> AuditChange | None:
    """Make an account a subsidiary of another, or of none. Returns the change, or None if nothing changes.

    Raises NotFound, and Conflict if this would create a cycle or the parent was merged into another account.
    """
    child = account(session, ref)
    above = None if parent is None else _not_merged(account(session, parent))
    if child.parent_id == (above.id if above else None):
        return None
    if above is not None and child.id in hierarchy.lineage(session, above.id or 0):
        raise Conflict(f"account {above.ref} is already a subsidiary of {child.ref}; an account cannot be its own parent", "circle")
    change = audit_record.begin(session, actor=actor, kind="account", subject=f"account {ref}", reason=reason, now=now)
    with audit_record.watching(session, change, "account", [child.id or 0]):
        child.parent_id = above.id if above else None
    reconcile_queue.mark_all(session)
    return change


def _not_merged(row: Account) -> Account:
    if row.merged_into_id is not None:
        raise Conflict(f"account {row.ref} was merged into another; use that one", "merged")
    return row
