from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.errors import DomainError
from musterroll.readers import cells, units
from musterroll.readers.fields import Hints
from musterroll.readers.table import Numeric

NONE = Hints()
LIFECYCLE = next(field for field in units.KIND.fields if field.name == "lifecycle")


@given(st.dates(date(1970, 1, 1), date(2200, 12, 31)))
def test_iso_dates_are_read_in_every_usual_form(day: date) -> None:
    forms = [day.isoformat(), day.strftime("%Y/%m/%d"), day.strftime("%Y%m%d"), f"{day.isoformat()} 09:00:00", f"{day.isoformat()} 00:00"]
    forms += [f"{day.day} {day:%B} {day.year}", f"{day:%b} {day.day}, {day.year}", f"{day:%d-%b-%Y}"]
    assert {cells.day("date", form, NONE) for form in forms} == {day}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("05/06/2025", "may be 2025-05-06 or 2025-06-05"),
        ("5.6.2025", "may be"),
        ("45662", "day count"),
        ("31/12/2", "not a recognised date"),
        ("2025-02-30", "does not exist in the calendar"),
        ("2025-13-01", "does not exist in the calendar"),
        ("1066-10-14", "year"),
        ("9999-12-31", "year"),
        ("soon", "not a recognised date"),
        ("3 Foo 2025", "not a recognised date"),
        ("3 Ju 2025", "not a recognised date"),
        ("2025-01-05 ; drop", "not a recognised date"),
    ],
)
def test_a_date_that_could_mean_two_days_or_none_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(DomainError, match=sentence):
        cells.day("ship date", text, NONE)


@pytest.mark.parametrize(
    ("text", "day"), [("31/12/2025", date(2025, 12, 31)), ("12-31-2025", date(2025, 12, 31)), ("05.05.2025", date(2025, 5, 5))]
)
def test_numbers_in_any_order_are_read_where_only_one_order_fits(text: str, day: date) -> None:
    assert cells.day("date", text, NONE) == day


@pytest.mark.parametrize("text", ["1.23E+15", "1,23E+15", "4E+11", "1.5e10", "123456.0", "00123,00", "=A1", '="00123"'])
def test_what_a_spreadsheet_made_of_a_serial_is_refused(text: str) -> None:
    with pytest.raises(DomainError, match=r"spreadsheet|formula|number"):
        cells.serial("serial", text, NONE)


@pytest.mark.parametrize("text", ["SN1001, SN1002", "SN1001;SN1002;SN1003", "SN1001\nSN1002", "10012 | 10013"])
def test_several_serials_in_a_cell_are_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(DomainError, match=r"holds [23] serials .* write a row for each"):
        cells.serial("serial", text, NONE)


@pytest.mark.parametrize("text", ["00123", "123E45", "1E5", "SN.1", "TN5520QDMMRTSK"])
def test_serials_that_only_look_odd_are_kept_as_written(text: str) -> None:
    assert cells.serial("serial", f" {text} ", NONE) == text


@pytest.mark.parametrize(
    ("word", "stage"),
    [("Installed", "deployed"), ("IN STOCK", "stock"), ("in-transit", "shipped"), ("RMA", "returned"), ("Retired", "retired")],
)
def test_status_words_of_asset_systems_are_known(word: str, stage: str) -> None:
    assert LIFECYCLE.read("status", word, NONE) is Lifecycle(stage)


@pytest.mark.parametrize(("text", "months"), [("36", 36), ("12 months", 12), ("24.0", 24), ("0", 0), ("\u0663", 3)])
def test_months_are_whole_numbers(text: str, months: int) -> None:
    assert cells.months("warranty", text, NONE) == months


@pytest.mark.parametrize("text", ["-1", "601", "1.5", "three", "90 days"])
def test_other_lengths_of_warranty_are_refused(text: str) -> None:
    with pytest.raises(DomainError, match="number of months"):
        cells.months("warranty", text, NONE)


def test_an_unknown_status_is_refused_with_the_ones_that_are_known() -> None:
    with pytest.raises(DomainError, match="Installed"):
        LIFECYCLE.read("status", "somewhere", NONE)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("120", "120"),
        ("1234.50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1234,5", "1234.5"),
        ("€ 1.234.567,89", "1234567.89"),
        ("1 234,50 EUR", "1234.50"),
        ("0,125", "0.125"),
        ("0.125", "0.125"),
        ("1,234,567", "1234567"),
        (Numeric("1.234"), "1.234"),
    ],
)
def test_an_amount_is_read_where_its_decimal_sign_is_certain(text: str, amount: str) -> None:
    assert cells.number("price", text, NONE) == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1,234", "thousands or decimals"),
        ("12.345", "thousands or decimals"),
        ("-5", "not an amount"),
        ("1.23456", "four decimals"),
        ("1.2.3", "not an amount"),
        ("NaN", "not an amount"),
        ("1e5", "not an amount"),
        ("9" * 30, "from 0 to"),
        (Numeric("1e+300"), "from 0 to"),
    ],
)
def test_an_amount_that_could_be_two_or_none_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(DomainError, match=sentence):
        cells.number("price", text, NONE)


@given(st.decimals(0, 10**10, places=2))
def test_amounts_survive_either_decimal_sign(amount: Decimal) -> None:
    english = f"{amount:,.2f}"
    assert cells.number("price", english, NONE) == amount
    assert cells.number("price", english.translate({44: 46, 46: 44}), NONE) == amount


@pytest.mark.parametrize("text", ["2026-11-01T12:00:00Z", "2026-11-01T13:00:00+01:00", "1793534400", "1793534400000"])
def test_instants_are_read_in_every_zone(text: str) -> None:
    assert cells.instant("last seen", text, NONE) == 1793534400000


@pytest.mark.parametrize("text", ["1066-10-14T00:00:00+14:00", "2026-11-01 12:00", "yesterday", "9999-12-31T23:59:59-14:00", "12"])
def test_other_instants_are_refused(text: str) -> None:
    with pytest.raises(DomainError):
        cells.instant("last seen", text, NONE)
