"""Totals in the reporting currency: by the newest quotes, directly or through a common base; what has no rate stays out and is named."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from musterroll.domain.values.exchange import Exchange, Quote
from musterroll.domain.values.money import Money

DAY, BEFORE = date(2026, 11, 27), date(2026, 11, 20)
QUOTES = (Quote("EUR", "USD", DAY, Decimal("1.25")), Quote("EUR", "JPY", BEFORE, Decimal(160)), Quote("GBP", "USD", DAY, Decimal("1.3")))


def test_a_rate_goes_either_way_and_through_a_common_base_with_the_older_day() -> None:
    assert Exchange("EUR", QUOTES).rate("USD") == ("USD", Decimal("0.8"), DAY)
    assert Exchange("USD", QUOTES).rate("EUR") == ("EUR", Decimal("1.25"), DAY)
    assert Exchange("USD", QUOTES).rate("GBP") == ("GBP", Decimal("1.3"), DAY)
    assert Exchange("USD", QUOTES).rate("JPY") == ("JPY", Decimal("1.25") / 160, BEFORE)


def test_a_currency_without_a_rate_stays_out_of_the_total_and_is_named() -> None:
    total = Exchange("EUR", QUOTES).total([Money(Decimal(100), "USD"), Money(Decimal(1), "EUR"), Money(Decimal(5), "CHF")])
    assert total is not None
    assert (str(total.total), total.missing) == ("81.00 EUR", ("CHF",))


def test_no_total_where_none_is_chosen_or_needed() -> None:
    assert Exchange("", QUOTES).total([Money(Decimal(1), "USD"), Money(Decimal(1), "EUR")]) is None
    assert Exchange("EUR", QUOTES).total([Money(Decimal(1), "EUR")]) is None
    assert Exchange("EUR", QUOTES).total([]) is None


amounts = st.lists(st.builds(Money, st.decimals(0, 10**9, places=2), st.sampled_from(["EUR", "USD", "JPY", "CHF"])))


@given(amounts, st.sampled_from(["EUR", "USD", "JPY"]))
def test_the_total_is_the_sum_of_every_amount_at_its_rate(sums: list[Money], reporting: str) -> None:
    exchange = Exchange(reporting, QUOTES)
    total = exchange.total(sums)
    if total is None:
        assert {money.currency for money in sums} <= {reporting}
        return
    rates = {reporting: Decimal(1), **{rate.currency: rate.rate for rate in total.rates}}
    assert abs(total.total.amount - sum(money.amount * rates.get(money.currency, 0) for money in sums)) < Decimal("1e-9")
    assert set(total.missing) == {money.currency for money in sums} - set(rates)
