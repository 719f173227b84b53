"""Dividing a whole run into parts that have nothing to do with each other, but for lines that name a serial.

Quantities are sold by product to a site, an account or an account's subtree, so nothing crosses (root account, product).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from heapq import heapify, heapreplace
from typing import NamedTuple

NONE = 0  # the account of units without one, and the product of lines without one


class Share(NamedTuple):
    """All that these accounts have of these products."""

    accounts: Sequence[int]
    products: Sequence[int]


class Fleet(NamedTuple):
    """All accounts with their parents, pairs of accounts that share the quantity of a site, and the units of accounts and of all products.

    The numbers of units may be those of an earlier day: they make parts alike, not right.
    """

    parents: Mapping[int, int | None]
    pairs: Iterable[tuple[int, int]]
    of_accounts: Mapping[int, int]
    of_products: Mapping[int, int]


class _Piece(NamedTuple):
    units: float
    tree: int
    products: Sequence[int]


def divide(fleet: Fleet, most: int) -> list[list[Share]]:
    """At most so many parts of about equal numbers of units, the largest first. Each account and product is in exactly one.

    >>> fleet = Fleet({1: None, 2: 1, 3: None}, [], {2: 8, 3: 1}, {7: 6, 8: 3})
    >>> for part in divide(fleet, 2):
    ...     print(*part)
    Share(accounts=[1, 2], products=[7])
    Share(accounts=[1, 2], products=[0, 8]) Share(accounts=[0, 3], products=[0, 7, 8])
    """
    trees = _trees(fleet)
    fair = sum(fleet.of_accounts.values()) / most
    pieces = [piece for root, accounts in trees.items() for piece in _pieces(fleet, root, accounts, fair)]
    parts: list[tuple[float, int, list[_Piece]]] = [(0.0, number, []) for number in range(most)]
    heapify(parts)
    for piece in sorted(pieces, key=lambda piece: -piece.units):
        units, number, chosen = parts[0]
        chosen.append(piece)
        heapreplace(parts, (units + piece.units, number, chosen))
    full = sorted((part for part in parts if part[2]), key=lambda part: (-part[0], part[1]))
    return [_shares(chosen, trees) for _, _, chosen in full]


def _trees(fleet: Fleet) -> dict[int, list[int]]:
    """The accounts by one of each tree, trees that share a quantity together."""
    above: dict[int, int] = {NONE: NONE, **{account: account for account in fleet.parents}}

    def top(account: int) -> int:
        while above[account] != account:
            above[account] = account = above[above[account]]
        return account

    links = ((account, parent) for account, parent in fleet.parents.items() if parent is not None)
    for pairs in (links, fleet.pairs):
        for one, other in pairs:
            above[top(one)] = top(other)
    trees = defaultdict[int, list[int]](list)
    for account in sorted(above):
        trees[top(account)].append(account)
    return trees


def _pieces(fleet: Fleet, root: int, accounts: Sequence[int], fair: float) -> list[_Piece]:
    """A tree as one piece, or by product where it alone is a good part of a fair one."""
    products = [NONE, *sorted(fleet.of_products)]
    units = sum(fleet.of_accounts.get(account, 0) for account in accounts)
    if units <= fair / 4:
        return [_Piece(units, root, products)]
    every = sum(fleet.of_products.values()) or 1
    return [_Piece(units * fleet.of_products.get(product, 0) / every, root, [product]) for product in products]


def _shares(pieces: Sequence[_Piece], trees: Mapping[int, Sequence[int]]) -> list[Share]:
    """The pieces of a part, those of the same products together."""
    products = defaultdict[int, list[int]](list)
    for piece in pieces:
        products[piece.tree].extend(piece.products)
    accounts = defaultdict[tuple[int, ...], list[int]](list)
    for tree, some in products.items():
        accounts[tuple(sorted(some))].extend(trees[tree])
    return [Share(sorted(owners), list(some)) for some, owners in accounts.items()]
