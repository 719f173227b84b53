"""Money: an exact amount in a currency, and how it is written. Amounts in different currencies are never added."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from musterroll.domain.values.currencies import CURRENCIES, decimals
from musterroll.domain.values.errors import DomainError

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
        return format_money(self)

    def times(self, count: int) -> "Money":
        return Money(self.amount * count, self.currency)


def format_money(money: Money, short: bool = False) -> str:
    """Money as pages, mails and commands write it; `short`: in whole units from 100 on.

    >>> format_money(Money(Decimal("18240.50"), "EUR")), format_money(Money(Decimal("18240.50"), "EUR"), short=True)
    ('18,240.50 EUR', '18,240 EUR')
    >>> format_money(Money(Decimal(1200), "JPY")), format_money(Money(Decimal("1.5"), "KWD"))
    ('1,200 JPY', '1.500 KWD')
    >>> format_money(Money(Decimal("95.5"), "EUR"), short=True)
    '95.50 EUR'
    >>> format_money(Money(Decimal("-2218.50"), "EUR"), short=True)
    '-2,218 EUR'
    """
    return f"{format_amount(money.amount, short, decimals(money.currency))} {money.currency or '(currency unknown)'}"


def format_amount(amount: Decimal | float, short: bool = False, places: int = 2) -> str:
    """An amount without its currency, where a heading names that: as `format_money`."""
    return f"{amount:,.{0 if short and not -100 < amount < 100 else places}f}"


def format_range(low: float, high: float, currency: str) -> str:
    """An estimate's range, in one currency.

    >>> format_range(90, 1210.4, "EUR")
    '90.00 to 1,210 EUR'
    """
    places = decimals(currency)
    return f"{format_amount(low, short=True, places=places)} to {format_amount(high, short=True, places=places)} {currency}"


def format_sums(sums: Iterable[Money], short: bool = False) -> str:
    """Sums in several currencies; empty where there are none.

    >>> format_sums([Money(Decimal(120), "EUR"), Money(Decimal(90), "USD")], short=True)
    '120 EUR + 90.00 USD'
    """
    return " + ".join(format_money(money, short) for money in sums)


def amounts_text(amounts: Iterable[Money]) -> str:
    """Amounts as they are stored in one text.

    >>> amounts_text([Money(Decimal("99.5"), "GBP"), Money(Decimal(1200), "USD")])
    '99.5 GBP 1200 USD'
    >>> amounts_of("99.5 GBP 1200 USD") == (Money(Decimal("99.5"), "GBP"), Money(Decimal(1200), "USD"))
    True
    """
    return " ".join(f"{money.amount:f} {money.currency}" for money in amounts)


def amounts_of(text: str) -> tuple[Money, ...]:
    """The amounts of a stored text."""
    parts = text.split()
    return tuple(Money(Decimal(amount), currency) for amount, currency in zip(parts[::2], parts[1::2], strict=True))


def money(amount: str | int | Decimal, currency: str) -> Money:
    """A price as a document gives it. Raises BadMoney unless it is a finite amount from 0 to below 10^15 with a currency."""
    try:
        value = Decimal(amount)
    except InvalidOperation:
        raise BadMoney(f"the amount {str(amount)[:40]!r} is not a number; write it as 1234.50") from None
    if not value.is_finite() or not 0 <= value < _LIMIT:
        raise BadMoney(f"the amount {str(amount)[:40]!r} is not a price; write it as 1234.50")
    if currency not in CURRENCIES:
        raise BadMoney(
            f"the currency {currency[:20]!r} is not a code such as EUR" if currency else "the amount has no currency; add one such as EUR"
        )
    return Money(value, currency)


def totals(amounts: Iterable[Money | None]) -> tuple[Money, ...]:
    """One sum for each currency, in the order of their names; unknown amounts are left out."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for money in amounts:
        if money is not None:
            sums[money.currency] += money.amount
    return tuple(Money(sums[currency], currency) for currency in sorted(sums))
