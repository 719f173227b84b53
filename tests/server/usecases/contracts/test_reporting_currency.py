"""The reporting currency and exchange rates: chosen and set by people or imported; each change is audited and can be undone."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from musterroll.domain.values.errors import DomainError
from musterroll.domain.values.exchange import format_total
from musterroll.domain.values.money import Money
from musterroll.storage.audit import changes as audit_changes
from musterroll.storage.contracts import exchange_rates
from musterroll.storage.engine.database import Database
from musterroll.usecases.contracts import reporting_currency
from musterroll.usecases.undo.undo import undo

from tests.support.documents import FLEET, outcomes, take

SUMS = [Money(Decimal(12_300), "EUR"), Money(Decimal(50), "GBP"), Money(Decimal(1_200), "USD")]
DAY = date(2026, 11, 28)


def shown(database: Database, on: date = DAY) -> str:
    with database.transaction() as session:
        return format_total(SUMS, exchange_rates.exchange(session, on), short=True)


def test_a_chosen_currency_and_imported_rates_give_one_total(database: Database, now: datetime) -> None:
    take(database, now, "rates", FLEET["rates"])
    assert shown(database) == "12,300 EUR + 50.00 GBP + 1,200 USD"
    with database.transaction() as session:
        reporting_currency.choose(session, "EUR", "ann", now)
    assert shown(database) == "12,300 EUR + 50.00 GBP + 1,200 USD (≈ 13,408 EUR at 2026-11-27 rates, without GBP: no rate)"
    assert "at 2026-11-26 rates" in shown(database, date(2026, 11, 26))
    assert "without GBP and USD: no rate" in shown(database, date(2026, 11, 25))


def test_a_rate_set_by_hand_joins_and_its_undo_takes_it_away(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        reporting_currency.choose(session, "USD", "ann", now)
        reporting_currency.set_rate(session, DAY, "GBP", "USD", Decimal("1.25"), "ann", now)
        change = reporting_currency.set_rate(session, DAY, "EUR", "USD", Decimal("1.5"), "ann", now).id or 0
    assert "≈ 19,712 USD at 2026-11-28 rates)" in shown(database)
    with database.transaction() as session:
        undo(session, change, "ann", now)
    assert "≈ 1,262 USD at 2026-11-28 rates, without EUR: no rate)" in shown(database)


def test_a_corrected_rate_and_a_dropped_currency_can_be_undone(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        reporting_currency.choose(session, "EUR", "ann", now)
        reporting_currency.set_rate(session, DAY, "EUR", "USD", Decimal("1.2"), "ann", now)
        reporting_currency.set_rate(session, DAY, "EUR", "USD", Decimal("1.0"), "ann", now)
    assert "≈ 13,500 EUR" in shown(database)
    with database.transaction() as session:
        undo(session, audit_changes.newest(session).id or 0, "ann", now)
        dropped = reporting_currency.choose(session, "", "ann", now).id or 0
    assert "≈" not in shown(database)
    with database.transaction() as session:
        undo(session, dropped, "ann", now)
    assert "≈ 13,300 EUR" in shown(database)


@pytest.mark.parametrize(
    ("base", "currency", "rate"), [("EUR", "EUR", "1"), ("EUR", "XXX", "1"), ("EUR", "USD", "0"), ("EUR", "USD", "NaN")]
)
def test_what_is_no_rate_is_refused(database: Database, now: datetime, base: str, currency: str, rate: str) -> None:
    with database.transaction() as session, pytest.raises(DomainError):
        reporting_currency.set_rate(session, DAY, base, currency, Decimal(rate), "ann", now)


@pytest.mark.parametrize(
    "content",
    [
        "KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,TIME_PERIOD,OBS_VALUE\nD.USD.EUR.SP00.A,D,USD,EUR,SP00,2026-11-27,1.0832\n",
        "Datum;Währung;Kurs\n27.11.2026;USD;1,0832\n",
    ],
)
def test_lists_of_central_banks_are_read(database: Database, now: datetime, content: str) -> None:
    verdicts, _ = take(database, now, "rates", content)
    assert outcomes(verdicts) == ["new"]
    with database.transaction() as session:
        quote = exchange_rates.quote(session, date(2026, 11, 27), "EUR", "USD")
        assert quote is not None
        assert quote.rate == Decimal("1.0832")
