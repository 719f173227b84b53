"""Dates, numbers and lengths of time as people and systems write them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from musterroll.domain.values.errors import DomainError
from musterroll.domain.warranty.periods import LIFETIME_MONTHS
from musterroll.readers import cells
from musterroll.readers.cells.durations import Duration
from musterroll.readers.fields import NOTHING, Hints

NONE = Hints()


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("3/17/2025 6:04", "", date(2025, 3, 17)),
        ("02-13-2025 15:46:06", "", date(2025, 2, 13)),
        ("11/28/2026 10:15:04 PM", "", date(2026, 11, 28)),
        ("31-10-2024 10:42", "", date(2024, 10, 31)),
        ("20 Apr, 2021 07:49:50", "", date(2021, 4, 20)),
        ("Apr 20 2021", "", date(2021, 4, 20)),
        ("April 20th, 2021", "", date(2021, 4, 20)),
        ("20-APR-21", "", date(2021, 4, 20)),
        ("Tue, 20 Apr 2021", "", date(2021, 4, 20)),
        ("20. April 2021", "", date(2021, 4, 20)),
        ("Dienstag, 20. April 2021 um 07:49 Uhr", "", date(2021, 4, 20)),
        ("3. März 2025", "", date(2025, 3, 3)),
        ("1er février 2025", "", date(2025, 2, 1)),
        ("15 août 2025 à 14:30", "", date(2025, 8, 15)),
        ("5 de enero de 2025", "", date(2025, 1, 5)),
        ("5 de março de 2025", "", date(2025, 3, 5)),
        ("8 settembre 2025", "", date(2025, 9, 8)),
        ("8 mrt 2025", "", date(2025, 3, 8)),
        ("12 października 2025 r.", "", date(2025, 10, 12)),
        ("2021-Apr-20", "", date(2021, 4, 20)),
        ("20.04.2021", "", date(2021, 4, 20)),
        ("2021/04/20", "", date(2021, 4, 20)),
        ("20210420", "", date(2021, 4, 20)),
        ("20210420074950", "", date(2021, 4, 20)),
        ("2021.04.20.", "", date(2021, 4, 20)),
        ("4/5/16", "mdy", date(2016, 4, 5)),
        ("4/5/16", "dmy", date(2016, 5, 4)),
        ("24-01-31", "ymd", date(2024, 1, 31)),
        ("99/12/31", "", date(1999, 12, 31)),
        ("2025-01-05 08:15:04.0000000", "", date(2025, 1, 5)),
    ],
)
def test_a_day_as_people_write_it(text: str, order: str, day: date) -> None:
    assert cells.day("date", text, Hints(dates=order)) == day


@pytest.mark.parametrize(
    "text", ["Never", "nie", "0000-00-00", "00/00/0000", "0001-01-01", "0001-01-01T00:00:00Z", "1/1/0001 12:00:00 AM",
             "1900-01-00", "1899-12-30", "1601-01-01 00:00:00"]
)  # fmt: skip
def test_what_systems_write_for_no_date_is_nothing(text: str) -> None:
    assert cells.day("date", text, NONE) is NOTHING
    assert cells.instant("date", text, NONE) is NOTHING


def test_an_end_in_the_year_9999_is_no_end() -> None:
    assert cells.last_day("end", "9999-12-31", NONE) is NOTHING
    assert cells.last_day("end", "31/12/9999", NONE) is NOTHING


@pytest.mark.parametrize(
    "text", ["before 5 Jan 2025", "5 Jan or 6 Feb 2025", "Jan 2025", "Okt 12", "2025-04", "5 jui 2025", "13/13/2025", "25:00 5/13/2025",
             "2025-01-05T10:00:00+25:00", "13:00 PM 2025-01-05", "2025-01-05 10:00 XYZ", "Mars", "12 12 12 12"]
)  # fmt: skip
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(DomainError):
        cells.day("date", text, NONE)


@pytest.mark.parametrize(
    ("text", "berlin", "written"),
    [
        ("2024-01-30T23:00:00.000Z", date(2024, 1, 31), date(2024, 1, 30)),
        ("2024-01-30 23:00:00 UTC", date(2024, 1, 31), date(2024, 1, 30)),
        ("2025-04-22 00:30:00.80981+03", date(2025, 4, 21), date(2025, 4, 22)),
        ("Tue Jan 30 2024 23:30:00 GMT+0100 (CET)", date(2024, 1, 30), date(2024, 1, 30)),
        ("2024-07-01T22:30:00-0500", date(2024, 7, 2), date(2024, 7, 1)),
    ],
)
def test_a_time_with_a_zone_moves_the_day_to_the_place(text: str, berlin: date, written: date) -> None:
    moment: Any = cells.day("date", text, NONE)
    assert (moment.day(ZoneInfo("Europe/Berlin")), moment.day(None)) == (berlin, written)


def test_bare_numbers_are_days_only_where_the_column_counts_them() -> None:
    assert cells.day("date", "45662", Hints(counted="days")) == date(2025, 1, 5)
    assert cells.day("date", "45662.75", Hints(counted="days")) == date(2025, 1, 5)
    with pytest.raises(DomainError, match="day count"):
        cells.day("date", "45662", NONE)


@pytest.mark.parametrize("text", ["1793534400", "1793534400000", "1793534400.0", "2026-11-01T15:00:00+03", "11/1/2026 12:00 PM UTC"])
def test_an_instant_is_read_with_its_zone(text: str) -> None:
    assert cells.instant("last seen", text, Hints(dates="mdy")) == int(datetime(2026, 11, 1, 12, tzinfo=UTC).timestamp() * 1000)


def test_the_zero_of_a_clock_is_no_instant() -> None:
    assert cells.instant("last seen", "1970-01-01T00:00:00Z", NONE) is NOTHING


count = cells.whole_number(0, 100_000)


@pytest.mark.parametrize(
    ("text", "sign", "value"),
    [("1,000", ".", 1000), ("2.000", ",", 2000), ("12,000", ".", 12_000), ("1'000", "", 1000), ("1 000", "", 1000),
     ("1\u202f000", "", 1000), ("1,234.00", "", 1234), ("1.234,00", "", 1234), ("12.0", "", 12), ("1,00,000", "", 100_000)],
)  # fmt: skip
def test_thousands_are_thousands(text: str, sign: str, value: int) -> None:
    assert count("quantity", text, Hints(numbers=sign)) == value


@pytest.mark.parametrize(("text", "sign"), [("1,000", ""), ("2.000", ""), ("2.000", "."), ("1,000", ","), ("12 34", "."), ("1.5", "")])
def test_a_whole_number_that_may_be_two_is_asked(text: str, sign: str) -> None:
    with pytest.raises(DomainError):
        count("quantity", text, Hints(numbers=sign))


def test_the_question_names_both_readings_and_how_to_choose() -> None:
    with pytest.raises(DomainError, match=r"'1,000' may be .*: 1000 \(--numbers 1,000\.00\) or 1 \(--numbers 1\.000,00\)"):
        count("quantity", "1,000", NONE)


def test_three_decimals_are_decimals_where_the_column_has_others() -> None:
    assert cells.number("hours", "1.500", Hints(numbers=".", decimals=True)) == Decimal("1.5")
    with pytest.raises(DomainError, match="thousands or decimals"):
        cells.number("price", "1.500", Hints(numbers="."))


@pytest.mark.parametrize(
    ("text", "months"),
    [("3Y", 36), ("3 years", 36), ("36 months", 36), ("36mo", 36), ("P3Y", 36), ("P1Y6M", 18), ("12", 12), ("1 year 6 months", 18),
     ("2.5 years", 30), ("24 Monate", 24), ("2 Jahre", 24), ("3 ans", 36), ("2 años", 24), ("2 anos", 24), ("3 anni", 36), ("3 jaar", 36),
     ("3 lata", 36), ("24 miesiące", 24), ("36 Month(s)", 36), ("365 days", 12), ("Lifetime", LIFETIME_MONTHS),
     ("limited lifetime", LIFETIME_MONTHS), ("lebenslänglich", LIFETIME_MONTHS), ("No warranty", 0), ("0", 0)],
)  # fmt: skip
def test_lengths_of_warranty(text: str, months: int) -> None:
    assert cells.months("warranty", text, NONE) == months


def test_a_heading_names_the_unit_of_bare_numbers() -> None:
    assert cells.months("warranty", "3", Hints(unit=cells.unit_in("Warranty (Years)"))) == 36
    assert cells.hours("time", "90", Hints(unit=cells.unit_in("Time spent [min]"))) == Decimal("1.5")


@pytest.mark.parametrize(
    ("text", "hours"),
    [("1.5", "1.5"), ("1,5", "1.5"), ("01:30", "1.5"), ("1:30:00", "1.5"), ("90 min", "1.5"), ("10 minutes", "0.1667"), ("0 seconds", "0"),
     ("PT1H30M", "1.5"), ("1h 30m", "1.5"), ("2 Stunden", "2"), ("1 day", "24")],
)  # fmt: skip
def test_time_spent(text: str, hours: str) -> None:
    assert cells.hours("hours", text, NONE) == Decimal(hours)


def test_seconds_between_reports() -> None:
    seconds = cells.seconds(5, 2_592_000)
    assert [seconds("interval", text, Hints(numbers=".")) for text in ("60", "3,600", "5 min", "PT1H")] == [60, 3600, 300, 3600]


def test_notice_in_months_is_counted_back_from_the_last_day() -> None:
    assert cells.notice("notice", "90 days", NONE) == cells.notice("notice", "90", NONE) == 90
    months = cells.notice("notice", "2 months", NONE)
    assert isinstance(months, Duration)
    assert months.days_before(date(2027, 1, 1)) == 61  # by 31 October
    assert months.days_before(None) == 62


@pytest.mark.parametrize("text", ["9" * 400, "1" * 30 + "Y", "P" + "9" * 300 + "Y", "99999999999 months", "-5", "\ud800", "\x00"])
@pytest.mark.parametrize("read", [*(cells.months, cells.hours, cells.notice, cells.seconds(1, 9), count, cells.number, cells.counter),
                                  *(cells.day, cells.last_day, cells.instant)])  # fmt: skip
def test_an_absurd_cell_is_refused_by_every_reader(read: Any, text: str) -> None:
    with pytest.raises(DomainError):
        read("value", text, NONE)
