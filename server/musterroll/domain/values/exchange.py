"""Exchange rates: a total in the reporting currency beside the amounts themselves, with each rate and its date."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from musterroll.domain.values.money import Money, format_money, format_sums, totals


class Quote(NamedTuple):
    """A published rate: one `base` is `rate` of `currency`."""

    base: str
    currency: str
    on: date
    rate: Decimal


class Rate(NamedTuple):
    """What one unit of a currency is in the reporting currency, and the day of the (older) rate it rests on."""

    currency: str
    rate: Decimal
    on: date


class ReportingTotal(NamedTuple):
    """The amounts in the reporting currency, without those that have no rate."""

    total: Money
    rates: tuple[Rate, ...]
    missing: tuple[str, ...]  # currencies without a rate: they are not in the total


class Exchange(NamedTuple):
    """The reporting currency (empty: none is chosen) and the newest quotes."""

    reporting: str = ""
    quotes: tuple[Quote, ...] = ()

    def total(self, amounts: Iterable[Money]) -> ReportingTotal | None:
        """One total of amounts in several currencies; None where no reporting currency is chosen, or all are in it already.

        >>> exchange = Exchange("EUR", (Quote("EUR", "USD", date(2026, 11, 27), Decimal("1.25")),))
        >>> str(exchange.total([Money(Decimal(100), "EUR"), Money(Decimal(50), "USD")]).total)
        '140.00 EUR'
        """
        sums = totals(amounts)
        foreign = [money.currency for money in sums if money.currency != self.reporting]
        if not self.reporting or not foreign:
            return None
        rates = {currency: rate for currency in foreign if (rate := self.rate(currency)) is not None}
        own = sum((money.amount for money in sums if money.currency == self.reporting), Decimal(0))
        total = own + sum(money.amount * rates[money.currency].rate for money in sums if money.currency in rates)
        return ReportingTotal(Money(total, self.reporting), tuple(rates.values()), tuple(c for c in foreign if c not in rates))

    def rate(self, currency: str) -> Rate | None:
        """By the newest quote between the two currencies, or else through a base that both are quoted in."""
        legs = dict(self._from_base(currency)), dict(self._from_base(self.reporting))
        common = [(min(legs[0][base].on, legs[1][base].on), base) for base in legs[0].keys() & legs[1].keys()]
        if not common:
            return None
        on, base = max(common)
        return Rate(currency, legs[1][base].rate / legs[0][base].rate, on)

    def _from_base(self, currency: str) -> Iterator[tuple[str, Quote]]:
        """The quotes of a currency by their base; as a base it is one of itself on every day."""
        bases = {quote.base for quote in self.quotes}
        yield from ((quote.base, quote) for quote in self.quotes if quote.currency == currency)
        if currency in bases:
            yield currency, Quote(currency, currency, date.max, Decimal(1))


def format_total(amounts: Iterable[Money], exchange: Exchange, short: bool = False) -> str:
    """Amounts by currency and, where a reporting currency is chosen, about what they are together.

    >>> exchange = Exchange("EUR", (Quote("EUR", "USD", date(2026, 11, 27), Decimal("1.25")),))
    >>> format_total([Money(Decimal(120), "EUR"), Money(Decimal(50), "USD")], exchange)
    '120.00 EUR + 50.00 USD (≈ 160.00 EUR at 2026-11-27 rates)'
    >>> format_total([Money(Decimal(50), "USD"), Money(Decimal(9), "GBP")], exchange)
    '50.00 USD + 9.00 GBP (≈ 40.00 EUR at 2026-11-27 rates, without GBP: no rate)'
    """
    sums = tuple(amounts)
    written, total = format_sums(sums, short), exchange.total(sums)
    if total is None:
        return written
    without = f"without {' and '.join(total.missing)}: no rate" if total.missing else ""
    if not total.rates:
        return f"{written} ({without})"
    days = sorted({rate.on.isoformat() for rate in total.rates})
    at = f"at {days[0]} rates" if len(days) == 1 else f"at rates of {days[0]} to {days[-1]}"
    return f"{written} (≈ {format_money(total.total, short)} {', '.join(filter(None, (at, without)))})"
