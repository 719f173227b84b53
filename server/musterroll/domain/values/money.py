"""Money: an exact amount in a currency. Amounts of different currencies are never added up."""

import re
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from musterroll.domain.values.errors import DomainError

_CURRENCY = re.compile("[A-Z]{3}")
_LIMIT = Decimal(10) ** 15


class BadMoney(DomainError):
    code = "bad_money"


class Money(NamedTuple):
    """
    >>> str(Money(Decimal("1234.5"), "EUR"))
    '1,234.50 EUR'
    """

    amount: Decimal
    currency: str  # three capital letters, ISO 4217

    def __str__(self) -> str:
        return f"{self.amount:,.2f} {self.currency}"

    def times(self, count: int) -> "Money":
        return Money(self.amount * count, self.currency)


def money(amount: str | int | Decimal, currency: str) -> Money:
    """A price as a document gives it. Raises BadMoney for what is no finite amount below 10^15, is negative, or has no currency."""
    try:
        value = Decimal(amount)
    except InvalidOperation:
        raise BadMoney(f"the amount {str(amount)[:40]!r} is not a number; write it as 1234.50") from None
    if not value.is_finite() or not 0 <= value < _LIMIT:
        raise BadMoney(f"the amount {str(amount)[:40]!r} is not a price; write it as 1234.50")
    if not _CURRENCY.fullmatch(currency):
        raise BadMoney(f"the currency {currency[:20]!r} is not three capital letters such as EUR")
    return Money(value, currency)


def totals(amounts: Iterable[Money | None]) -> tuple[Money, ...]:
    """One sum for each currency, in the order of their names; unknown amounts are left out."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for one in amounts:
        if one is not None:
            sums[one.currency] += one.amount
    return tuple(Money(sums[currency], currency) for currency in sorted(sums))
