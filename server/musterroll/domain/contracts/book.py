"""The book: what contract lines in force are worth a year, and what of it is at stake.

A line is worth its price times its quantity. Its seats are operating (a unit reports), silent (a deployed unit does not) or unused (no
deployed or operating unit). A line may be overdue, ending or of a declining account besides, so those overlap.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import NamedTuple

from musterroll.domain.values.exchange import Exchange
from musterroll.domain.values.money import Money, totals

ENDING = 90  # days


class BookEntry(NamedTuple):
    """Lines in force of one account, product and currency. Money in ten-thousandths; units are seats."""

    account: int | None
    product: int | None
    currency: str
    seats: int
    priced: int
    silent_seats: int
    unused_seats: int
    value: int
    silent: int
    unused: int
    overdue: int
    ending: int
    declining: int
    stake: int


class Worth(NamedTuple):
    """Annual value by currency. `stake`: what is silent, unused, overdue, ending or declining, each amount once."""

    seats: int = 0
    priced: int = 0
    silent_seats: int = 0
    unused_seats: int = 0
    value: tuple[Money, ...] = ()
    silent: tuple[Money, ...] = ()
    unused: tuple[Money, ...] = ()
    overdue: tuple[Money, ...] = ()
    ending: tuple[Money, ...] = ()
    declining: tuple[Money, ...] = ()
    stake: tuple[Money, ...] = ()


MONEY = Worth._fields[4:]


def total(entries: Iterable[BookEntry]) -> Worth:
    """
    >>> entry = BookEntry(1, 1, "EUR", 3, 3, 1, 0, 300_000, 100_000, 0, 0, 0, 0, 100_000)
    >>> total([entry, entry]).value
    (Money(amount=Decimal('60.0000'), currency='EUR'),)
    """
    rows = list(entries)
    counts = [sum(getattr(row, name) for row in rows) for name in Worth._fields[:4]]
    return Worth(*counts, *(_sums(rows, name) for name in MONEY))


def by(entries: Iterable[BookEntry], key: Callable[[BookEntry], str]) -> dict[str, Worth]:
    groups: dict[str, list[BookEntry]] = defaultdict(list)
    for entry in entries:
        groups[key(entry)].append(entry)
    return {name: total(groups[name]) for name in sorted(groups)}


def rank(amounts: Iterable[Money], exchange: Exchange) -> Decimal:
    """By what rows with amounts in several currencies are sorted: in the reporting currency, as they are where there is no rate."""
    rates = {money: exchange.rate(money.currency) if exchange.reporting not in ("", money.currency) else None for money in amounts}
    return sum((money.amount * (rate.rate if rate else 1) for money, rate in rates.items()), Decimal(0))


def _sums(rows: Iterable[BookEntry], name: str) -> tuple[Money, ...]:
    return totals(Money(Decimal(getattr(row, name)).scaleb(-4), row.currency) for row in rows if getattr(row, name))
