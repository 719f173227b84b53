"""What the columns of a file show of how they are written."""

from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from musterroll.readers.columns import Choices
from musterroll.readers.fields import BadRow, DocumentRow

from tests.support.documents import document

LINES = "Contract Number,Line,Model,Quantity,Price Per Year,Site ID\n"
TICKETS = "Ticket;Serial Number;Opened;Closed\n"
UNITS = "Serial,Maker,Model,Install Date,Warranty Months\n"


def read(kind: str, text: str, field: str, chosen: Choices = Choices()) -> list[object]:  # noqa: B008  immutable
    return [row.values.get(field) if isinstance(row, DocumentRow) else "refused" for row in document(kind, text, chosen).rows()]


def reasons(kind: str, text: str, chosen: Choices = Choices()) -> list[str]:  # noqa: B008  immutable
    return [str(decision) for decision in document(kind, text, chosen).decisions]


def test_a_price_of_the_file_decides_what_a_quantity_is() -> None:
    text = LINES + 'C,10,M,"1,000",120.00,S\nC,11,M,2.000,120.00,S\nC,12,M,"12,000",120.00,S\nC,13,M,1000,120.00,S\n'
    assert read("contract-lines", text, "quantity") == [1000, "refused", 12_000, 1000]
    assert reasons("contract-lines", text) == ["'Quantity': 1,000.00 is a thousand, as in the column Price Per Year ('120.00' in line 2)"]


def test_whole_numbers_prove_that_a_comma_separates_thousands() -> None:
    text = "serial,last_seen,interval\n" + "".join(
        f'C{n},2026-11-28T10:00:00Z,"{cell}"\n' for n, cell in enumerate(("1,000", "3,600", "30,000"))
    )
    assert read("telemetry", text, "interval") == [1000, 3600, 30_000]
    assert reasons("telemetry", text) == ["'interval': 1,000.00 is a thousand, as '3,600' in line 3 shows"]


def test_an_open_number_is_asked_and_a_choice_decides() -> None:
    text = LINES + 'C,10,M,"1,000",120,S\n'
    assert read("contract-lines", text, "quantity") == ["refused"]
    (question,) = document("contract-lines", text).decisions
    assert (question.choice, question.line, question.cell) == ("", 2, "1,000")
    assert "choose 1.000,00 is a thousand (--numbers 1.000,00) or 1,000.00 is a thousand (--numbers 1,000.00)" in str(question)
    assert read("contract-lines", text, "quantity", Choices(numbers=".")) == [1000]
    assert read("contract-lines", text.replace(",120,", ',"1.234,50",').replace("1,000", "1.000"), "quantity") == [1000]


def test_a_column_that_contradicts_itself_is_read_only_where_a_cell_is_certain() -> None:
    text = "Ticket,Serial Number,Opened,Parts,Hours\n" + 'T1,C,2026-01-05,"2,000",1.5\nT2,C,2026-01-05,2,"1,5"\nT3,C,2026-01-05,2,"1,500"\n'
    assert read("incidents", text, "hours") == ["refused", Decimal("1.5"), "refused"]
    assert any("are written in different ways" in reason for reason in reasons("incidents", text))


def test_one_row_proves_the_order_of_its_column_and_of_the_others() -> None:
    text = TICKETS + "1;S;05-10-2024 14:12;01-11-2024 08:00\n2;S;31-10-2024 10:42;\n"
    assert read("incidents", text, "opened_on") == [date(2024, 10, 5), date(2024, 10, 31)]
    assert read("incidents", text, "closed_on") == [date(2024, 11, 1), None]
    assert reasons("incidents", text) == [
        "'Opened': day first, as '31-10-2024 10:42' in line 3 shows",
        "'Closed': day first, as in the column Opened ('31-10-2024 10:42' in line 3)",
    ]


def test_years_of_two_digits_are_decided_by_the_column() -> None:
    text = UNITS + "".join(f"S{n},M,X,{cell},\n" for n, cell in enumerate(("4/5/16", "3/8/16", "6/16/15")))
    assert read("units", text, "installed_on") == [date(2016, 4, 5), date(2016, 3, 8), date(2015, 6, 16)]


def test_bare_numbers_are_what_the_whole_column_counts() -> None:
    assert read("units", UNITS + "S1,M,X,45662,\nS2,M,X,45663,\n", "installed_on") == [date(2025, 1, 5), date(2025, 1, 6)]
    assert read("units", UNITS + "S1,M,X,45662,\nS2,M,X,2025-01-06,\n", "installed_on") == ["refused", date(2025, 1, 6)]


def test_a_zone_of_the_file_moves_its_days_and_without_one_that_is_left_to_the_site() -> None:
    text = UNITS + "S1,M,X,2024-01-30T23:00:00.000Z,\n"
    assert read("units", text, "installed_on", Choices(zone=ZoneInfo("Europe/Berlin"))) == [date(2024, 1, 31)]
    (row,) = document("units", text).rows()
    assert isinstance(row, DocumentRow)
    assert row.moments["installed_on"].day(ZoneInfo("Europe/Berlin")) == date(2024, 1, 31)


def test_times_without_a_zone_are_asked_once() -> None:
    text = "serial,last_seen\nC1,2026-11-27 08:15:04.0000000\nC2,2026-11-27 09:15:04.0000000\n"
    (question,) = document("telemetry", text).decisions
    assert (question.about, question.choice, question.line) == ("zone", "", 2)
    assert all(isinstance(row, BadRow) for row in document("telemetry", text).rows())
    assert read("telemetry", text, "heard_at", Choices(zone=ZoneInfo("Europe/Berlin"))) == [1795763704000, 1795767304000]


@pytest.mark.parametrize(("term", "ends_on"), [("12", date(2027, 1, 1)), ("2 years", date(2028, 1, 1)), ("P6M", date(2026, 7, 1))])
def test_a_term_without_an_end_date_has_an_end(term: str, ends_on: date) -> None:
    assert read("contracts", f"Contract Number,Status,Start Date,ContractTerm\nC,Active,2026-01-01,{term}\n", "ends_on") == [ends_on]


def test_a_termination_date_is_the_last_day() -> None:
    head = "Contract Number,Start Date,End Date,Status"
    assert read("contracts", f"{head},Termination Date\nC,2026-01-01,2026-12-31,Terminated,2026-08-31\n", "ended_on") == [date(2026, 9, 1)]
    assert read("contracts", f"{head},Cancelled From\nC,2026-01-01,2026-12-31,Terminated,2026-09-01\n", "ended_on") == [date(2026, 9, 1)]


ENDS = "Contract Number,Start Date,End Date\n"


def last_days(text: str, chosen: Choices = Choices()) -> list[object]:  # noqa: B008  immutable
    return [end and str(end - timedelta(1)) for end in read("contracts", text, "ends_on", chosen)]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("terms", "days"),
    [
        (("2025-06-01,2026-06-01T00:00:00Z", "2025-01-09,2027-01-15T00:00:00Z"), ["2026-05-31", "2027-01-14"]),
        (("2025-06-14 00:00:00,2026-06-14 00:00:00", "2025-01-09,2027-01-15 00:00:00"), ["2026-06-13", "2027-01-14"]),
        (("2025-06-09,1780272000", "2025-06-09,1781481600"), ["2026-05-31", "2026-06-14"]),  # seconds, as Chargebee writes them
        (("2025-06-09,2026-06-01T00:00:00Z", "2025-06-09,"), ["2026-05-31", None]),
    ],
)
def test_ends_that_are_points_in_time_at_midnight_are_the_day_after_the_last_one(terms: tuple[str, str], days: list[object]) -> None:
    text = ENDS + "".join(f"C{n},{term}\n" for n, term in enumerate(terms))
    assert last_days(text) == days
    (reason,) = (reason for reason in reasons("contracts", text) if "--ends" in reason)
    assert "an end is the day after the last one (" in reason
    assert "if it is the last day, say so (--ends last-day)" in reason


@pytest.mark.parametrize(
    ("terms", "days"),
    [
        (("3/17/2024 12:00:00 AM,3/16/2027 12:00:00 AM", "3/20/2024 12:00:00 AM,3/25/2027 12:00:00 AM"), ["2027-03-16", "2027-03-25"]),
        (("2026-01-01T00:00:00Z,2026-12-31T00:00:00Z", "2026-01-15T00:00:00Z,2027-01-14T00:00:00Z"), ["2026-12-31", "2027-01-14"]),
        (
            ("2025-06-09,2026-06-14 00:00:00", "2025-06-09,2027-01-15 00:00:00"),
            ["2026-06-14", "2027-01-15"],
        ),  # nothing tells: as people write
    ],
)
def test_days_that_are_written_with_a_midnight_are_last_days_and_the_reason_is_said(terms: tuple[str, str], days: list[object]) -> None:
    text = ENDS + "".join(f"C{n},{term}\n" for n, term in enumerate(terms))
    assert last_days(text) == days
    assert any("an end is the last day (" in why and "(--ends day-after)" in why for why in reasons("contracts", text))


@pytest.mark.parametrize("ends", [("2026-06-01", "2027-01-15"), ("2026-06-01T00:00:00Z", "2027-01-15T10:00:00Z")])
def test_plain_ends_and_those_with_other_times_are_last_days(ends: tuple[str, str]) -> None:
    text = ENDS + "".join(f"C{n},2025-06-01,{end}\n" for n, end in enumerate(ends))
    assert last_days(text) == ["2026-06-01", "2027-01-15"]
    assert not any("--ends" in reason for reason in reasons("contracts", text))


def test_what_a_person_says_of_ends_goes_first() -> None:
    assert last_days(f"{ENDS}C0,2025-06-01,2026-06-01T00:00:00Z\n", Choices(ends="last-day")) == ["2026-06-01"]
    assert last_days(f"{ENDS}C0,2025-06-01,2026-06-01\n", Choices(ends="day-after")) == ["2026-05-31"]


def test_one_other_time_far_down_makes_all_ends_last_days() -> None:
    rows = [f"C{n},2025-06-01,2026-06-10T00:00:00Z\n" for n in range(1_500)]
    assert last_days(f"{ENDS}{''.join(rows)}D,2025-06-01,2026-06-10T08:00:00Z\n")[0] == "2026-06-10"


TICKETS_OF_A_PROGRAM = "Ticket,Opened,Category,Account ID\n101.0,2026-01-13,34.0,A7\n102.0,2026-01-14,,7.0\n"


def test_numbers_that_a_program_wrote_as_decimals_are_whole_where_the_whole_column_shows_it() -> None:
    read_as = [read("incidents", TICKETS_OF_A_PROGRAM, field) for field in ("ref", "category", "account")]
    assert read_as == [["101", "102"], ["34", None], ["A7", "7.0"]]
    assert "'Category': whole numbers are written as '34.0' in line 2 is; read without .0" in reasons("incidents", TICKETS_OF_A_PROGRAM)
    units = UNITS + "4711001.0,Acme,2.0,2026-01-13,12.0\n"
    assert (read("units", units, "serial"), read("units", units, "model")) == (["4711001"], ["2.0"]), "a model may be called 2.0"
    assert any("leading zeros are lost" in reason for reason in reasons("units", units))
    long = UNITS + "4711001.0,Acme,P,2026-01-13,12\n" * 1_200 + "A-1,Acme,P,2026-01-13,12\n"
    assert "refused" in read("units", long, "serial"), "one cell far below shows that it is no column of numbers"


@pytest.mark.parametrize(
    ("heading", "price", "period", "year"),
    [
        ("Price", "100", "Monthly", 1200),
        ("Price", "100", "vierteljährlich", 400),
        ("Price", "100", "", 100),
        ("Price", "100", "2 Jahre", 50),
        ("Annual Price", "100", "Monthly", 100),
        ("Monthly Price (EUR)", "100", "", 1200),
        ("Price", "100", "one-time", None),
        ("Price", "100", "12", None),
    ],
)
def test_prices_for_other_periods_are_counted_for_a_year(heading: str, price: str, period: str, year: int | None) -> None:
    text = f"Contract Number,Line,Model,Quantity,{heading},Billing Frequency,Currency\nC,1,M,2,{price},{period},EUR\n"
    assert read("contract-lines", text, "price") == ["refused" if year is None else Decimal(year)]


def test_an_amount_for_the_whole_line_is_divided_by_its_quantity() -> None:
    text = "Contract Number,Line,Model,Quantity,Annual Value,Currency\nC,1,M,5,6000,EUR\nC,2,M,,100,EUR\nC,3,M,3,100,EUR\n"
    assert read("contract-lines", text, "price") == [Decimal(1200), Decimal(100), Decimal("33.3333")]
    both = "Contract Number,Line,Model,Quantity,Unit Price,ACV,Currency\nC,1,M,5,1199,6000,EUR\n"
    assert read("contract-lines", both, "price") == [Decimal(1199)], "the price of one unit says it better"
