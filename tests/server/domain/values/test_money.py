from decimal import Decimal

import pytest
from musterroll.domain.values.money import BadMoney, Money, money, totals


def test_sums_are_exact_and_one_for_each_currency() -> None:
    amounts = [money("0.10", "EUR"), money("0.20", "EUR"), None, money(5, "USD")]
    assert totals(amounts) == (Money(Decimal("0.30"), "EUR"), Money(Decimal(5), "USD"))


@pytest.mark.parametrize("amount", ["", "12,50", "NaN", "Infinity", "-1", "1e400", "1000000000000000"])
def test_what_is_no_price_is_refused_with_a_sentence(amount: str) -> None:
    with pytest.raises(BadMoney, match="amount"):
        money(amount, "EUR")


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "€"])
def test_what_is_no_currency_is_refused(currency: str) -> None:
    with pytest.raises(BadMoney, match="currency"):
        money("1", currency)
