"""The whole tree of accounts in memory."""

from collections.abc import Iterator, Mapping
from functools import cached_property

from sqlalchemy import select
from sqlmodel import Session

from musterroll.domain.coverage import seat_allocation
from musterroll.storage.engine import account_scope
from musterroll.storage.tables.accounts import Account


class AccountHierarchy:
    """Parents by account. Walks end at a cycle, which imports reject."""

    def __init__(self, parents: Mapping[int, int | None]) -> None:
        self.parents = parents

    @cached_property
    def _children(self) -> dict[int, list[int]]:
        children: dict[int, list[int]] = {}
        for account, parent in self.parents.items():
            if parent is not None:
                children.setdefault(parent, []).append(account)
        return children

    def lineage(self, account: int | None) -> Iterator[int]:
        """An account, its parent and so on up to the root."""
        return seat_allocation.lineage(account, self.parents)

    def depth(self, account: int) -> int:
        return sum(1 for _ in self.lineage(account))

    def below(self, account: int) -> list[int]:
        """An account and its subsidiaries."""
        accounts, seen = [account], {account}
        for parent in accounts:
            fresh = [child for child in self._children.get(parent, ()) if child not in seen]
            accounts += fresh
            seen.update(fresh)
        return accounts


def account_tree(session: Session) -> AccountHierarchy:
    every = account_scope.whole(Account).c
    return AccountHierarchy(dict(session.execute(select(every.id, every.parent_id)).all()))
