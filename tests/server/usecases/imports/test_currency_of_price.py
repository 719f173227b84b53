"""Prices of contract lines: the currency comes from the document or from what the registry knows, else it is asked for once."""

from datetime import datetime
from decimal import Decimal

import pytest
from musterroll.domain.values.errors import OpenQuestion
from musterroll.readers.columns import Choices
from musterroll.storage.contracts import lines
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.contracts import Contract, ContractLine
from musterroll.usecases.imports.verdicts import RowVerdict
from sqlmodel import col, select

from tests.support.documents import outcomes, take

CONTRACTS = "Contract Number,Account ID,Start Date,End Date,Status\nUS1,A1,2026-01-15,2027-12-31,Active\n"
LINES = "Contract Number,Line,Serial Number,Price Per Year\n"
ACCOUNT = "Account ID,Account Name,Country,Currency\nA1,Alder Freight,{country},{currency}\n"


def contract(database: Database, now: datetime, country: str = "", currency: str = "", stated: str = "") -> None:
    take(database, now, "accounts", ACCOUNT.format(country=country, currency=currency))
    take(database, now, "contracts", CONTRACTS, Choices(given={"currency": stated} if stated else {}))


def prices(database: Database, now: datetime, content: str, choices: Choices = Choices()) -> list[str]:  # noqa: B008  immutable
    verdicts, _ = take(database, now, "contract-lines", content, choices)
    assert set(outcomes(verdicts)) == {"new"}, verdicts
    with database.transaction() as session:
        covers = [lines.line(session, row) for row in session.exec(select(ContractLine.id).order_by(col(ContractLine.number))) if row]
    return [str(cover.line.price) for cover in covers if cover]


def notes(database: Database, now: datetime, content: str) -> list[RowVerdict]:
    return take(database, now, "contract-lines", content, commit=False)[0]


def test_signs_decide_and_nothing_is_taken_as_euro(database: Database, now: datetime) -> None:
    contract(database, now)
    content = LINES + 'US1,1,US1,"$1,200.00"\nUS1,2,US2,£99.00\n'
    assert "read as USD" in notes(database, now, content)[0].note
    assert prices(database, now, content) == ["1,200.00 USD", "99.00 GBP"]


@pytest.mark.parametrize("currency", ["EUR", "CAD"])
def test_a_bare_amount_is_in_the_currency_of_its_contract(database: Database, now: datetime, currency: str) -> None:
    contract(database, now, stated=currency)
    assert prices(database, now, LINES + "US1,1,US1,120\n") == [f"120.00 {currency}"]


def test_a_contract_without_a_currency_is_in_that_of_its_account(database: Database, now: datetime) -> None:
    contract(database, now, currency="SEK")
    with database.transaction() as session:
        assert session.exec(select(Contract.currency)).one() == "SEK"
    assert prices(database, now, LINES + "US1,1,US1,120 kr\n") == ["120.00 SEK"]


@pytest.mark.parametrize(("country", "read"), [("Canada", "CAD"), ("AU", "AUD"), ("Germany", "USD"), ("", "USD")])
def test_a_dollar_is_that_of_the_account_s_country(database: Database, now: datetime, country: str, read: str) -> None:
    contract(database, now, country=country)
    assert prices(database, now, LINES + "US1,1,US1,$120\n") == [f"120.00 {read}"]


@pytest.mark.parametrize(
    ("cell", "asks"), [("120", "have no currency"), ("120 kr", "may be in SEK or NOK"), ("¥120", "may be in JPY or CNY")]
)
def test_an_open_currency_is_asked_for_once(database: Database, now: datetime, cell: str, asks: str) -> None:
    contract(database, now)
    content = LINES + "".join(f"US1,{number},US{number},{cell}\n" for number in range(1, 4))
    with pytest.raises(OpenQuestion, match=asks) as question:
        take(database, now, "contract-lines", content)
    assert "first in line 2" in str(question.value)
    assert "--currency" in str(question.value)
    with database.transaction() as session:
        assert session.exec(select(ContractLine)).all() == []


def test_the_answer_is_for_the_amounts_that_show_none(database: Database, now: datetime) -> None:
    contract(database, now)
    content = LINES + 'US1,1,US1,"1,200"\nUS1,2,US2,£99.00\nUS1,3,US3,kr 10\n'
    assert prices(database, now, content, Choices(given={"currency": "NOK"})) == ["1,200.00 NOK", "99.00 GBP", "10.00 NOK"]


def test_a_currency_column_and_a_heading_decide(database: Database, now: datetime) -> None:
    contract(database, now)
    content = "Contract Number,Line,Serial Number,Price Per Year (USD),CurrencyIsoCode\nUS1,1,US1,120,\nUS1,2,US2,130,Euro\n"
    assert prices(database, now, content) == ["120.00 USD", "130.00 EUR"]


def test_a_price_keeps_its_currency_when_a_later_list_leaves_it_open(database: Database, now: datetime) -> None:
    contract(database, now, stated="EUR")
    assert prices(database, now, LINES + "US1,1,US1,USD 120\n") == ["120.00 USD"]
    (verdict,), _ = take(database, now, "contract-lines", LINES + "US1,1,US1,130\n")
    assert [(change.field, change.new) for change in verdict.differences] == [("price", "130")]
    with database.transaction() as session:
        assert session.exec(select(ContractLine.price, ContractLine.currency)).one() == (Decimal(130), "USD")


def test_an_account_s_currency_is_read_from_its_list(database: Database, now: datetime) -> None:
    take(database, now, "accounts", "Account ID,Account Name,Währung\nA1,Alder,Schweizer Franken\n")
    with database.transaction() as session:
        assert session.exec(select(Account.currency)).one() == "CHF"
