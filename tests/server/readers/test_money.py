"""Amounts as people write them: each is read with its currency, or refused; none is assumed."""

from decimal import Decimal

import pytest
from babel.numbers import get_currency_precision, get_territory_currencies
from hypothesis import given
from hypothesis import strategies as st
from musterroll.domain.values.currencies import CURRENCIES, decimals, named_by
from musterroll.readers.cells import BadCell, money
from musterroll.readers.fields import Hints
from musterroll.readers.table import Numeric

WRITTEN = {
    **{"$1,200.00 CAD": ("1200", "CAD"), "£99.00": ("99", "GBP"), "USD 1,200": ("1200", "USD"), "1.200,00 €": ("1200", "EUR")},
    **{
        "CHF 1'200.-": ("1200", "CHF"),
        "CHF 1\u2019200.\u2013": ("1200", "CHF"),
        "99,50 zł": ("99.5", "PLN"),
        "R$ 1.200,50": ("1200.5", "BRL"),
    },
    **{"US$ 12": ("12", "USD"), "A$5": ("5", "AUD"), "1 200,00 €": ("1200", "EUR"), "EUR1200": ("1200", "EUR")},
    **{"500,- Kč": ("500", "CZK"), "JPY 1.200": ("1200", "JPY"), "AU$ 1,000,000.00": ("1000000", "AUD"), "KWD 1.2505": ("1.2505", "KWD")},
}


@pytest.mark.parametrize("cell", WRITTEN)
def test_an_amount_has_the_currency_it_is_written_with(cell: str) -> None:
    value, code = WRITTEN[cell]
    amount = money.amount("price", cell, Hints(currency="EUR"))
    assert (amount.value, amount.signs) == (Decimal(value), (code,))


@pytest.mark.parametrize("cell", ["12 pcs", "5 %", "-5", "(5)", "€", "12 €/Monat", "USD 12 EUR", "$12 EUR", "1,200", "KWD 1.200", "12 XXX"])
def test_what_is_no_certain_amount_is_refused(cell: str) -> None:
    with pytest.raises(BadCell):
        money.amount("price", cell, Hints())


@pytest.mark.parametrize(
    ("cell", "row", "stated", "settled"),
    [
        ("12", "", "", {}),
        ("12", "USD", "", {"currency": "USD"}),
        ("12", "", "USD", {"currency": "USD"}),
        ("12", "GBP", "USD", {"currency": "GBP"}),  # the row is nearer than the heading
        ("£12", "", "USD", {"currency": "GBP"}),
        ("$12", "CAD", "USD", {"currency": "CAD"}),
        ("$12", "", "AUD", {"currency": "AUD"}),
        ("kr 12", "", "EUR", {"signs": ("SEK", "NOK", "DKK", "ISK")}),
        ("12", "", "kr", {"signs": ("SEK", "NOK", "DKK", "ISK")}),
        ("12", "", "¥", {"signs": ("JPY", "CNY")}),
    ],
)
def test_the_nearest_word_decides_the_currency(cell: str, row: str, stated: str, settled: dict[str, object]) -> None:
    values = {"price": money.amount("price", cell, Hints(currency=stated))} | ({"currency": row} if row else {})
    money.settle(values, "price")
    assert values == {"price": 12, **settled}


def test_a_sign_that_contradicts_its_row_is_refused() -> None:
    values = {"price": money.amount("price", "£12", Hints()), "currency": "EUR"}
    with pytest.raises(BadCell, match="not in EUR"):
        money.settle(values, "price")


def test_a_spreadsheet_number_takes_the_currency_of_its_heading() -> None:
    assert money.amount("price", Numeric("1200.5"), Hints(currency="USD"))[:3] == (Decimal("1200.5"), (), "USD")


@pytest.mark.parametrize(
    ("cell", "code"),
    [("usd", "USD"), ("€", "EUR"), ("Schweizer Franken", "CHF"), ("euros", "EUR"), ("EUR - Euro", "EUR"), ("U.S. Dollar (USD)", "USD")],
)
def test_a_currency_column_may_hold_codes_signs_and_names(cell: str, code: str) -> None:
    assert money.currency("Currency", cell, Hints()) == code


@pytest.mark.parametrize("cell", ["kr", "$", "XYZ", "gold", "USD/EUR"])
def test_a_currency_that_is_not_certain_is_refused(cell: str) -> None:
    with pytest.raises(BadCell):
        money.currency("Currency", cell, Hints())


@pytest.mark.parametrize(
    ("heading", "bare", "stated"),
    [
        ("Annual value (USD)", "Annual value", "USD"),
        ("Preis [EUR]", "Preis", "EUR"),
        ("Price in £", "Price", "GBP"),
        ("Price, CHF", "Price", "CHF"),
        ("EUR", "EUR", ""),
        ("All", "All", ""),
        ("Price", "Price", ""),
    ],
)
def test_a_heading_may_name_the_currency(heading: str, bare: str, stated: str) -> None:
    assert money.of_heading(heading) == (bare, stated)


@given(st.sampled_from(sorted(CURRENCIES)), st.integers(0, 10**9), st.booleans())
def test_every_amount_that_is_written_with_its_code_comes_back(code: str, units: int, before: bool) -> None:
    number = f"{Decimal(units):,.2f}"
    amount = money.amount("price", f"{code} {number}" if before else f"{number} {code}", Hints())
    assert (amount.value, amount.signs) == (units, (code,))


def test_decimals_and_signs_are_those_of_the_standard() -> None:
    # CLDR writes some currencies without the decimals that ISO 4217 gives them, as people no longer pay with such coins.
    assert {code for code in CURRENCIES if decimals(code) > 2} == {code for code in CURRENCIES if get_currency_precision(code) > 2} | {
        "IQD"
    }
    assert {code for code in CURRENCIES if decimals(code) == 0} <= {code for code in CURRENCIES if get_currency_precision(code) == 0} | {
        "ISK"
    }
    assert all(named_by(code) == (code,) for code in CURRENCIES)


def test_the_euro_area_pays_in_euros() -> None:
    assert {money.of_country(country) for country in ("DE", "France", "Italien", "Hiszpania")} == {"EUR"}
    assert get_territory_currencies("AU") == [money.of_country("Australia")]
