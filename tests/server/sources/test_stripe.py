"""Customers, subscriptions, items and invoices from a local Stripe, run as the schedule runs them."""

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from musterroll.domain.imports import RunState
from musterroll.sources.rest.stripe import _price_per_year
from musterroll.storage.engine.database import Database

from tests.support.api_server import Answer
from tests.support.apis.stripe import Stripe
from tests.support.sources import SourceBench

START = int(datetime(2026, 3, 1, 9, tzinfo=UTC).timestamp())


def item(ident: str, amount: int | None = 999, currency: str = "eur", interval: str = "month", **fields: Any) -> dict[str, Any]:
    recurring = {"interval": interval, "interval_count": 1}
    price = {"unit_amount": amount, "currency": currency, "recurring": recurring, "nickname": "Care", "product": "prod_1"}
    return {"id": ident, "quantity": 2, "price": price, **fields}


@pytest.fixture
def billing() -> Iterator[Stripe]:
    with Stripe().running() as stripe:
        stripe.products["prod_1"] = {"id": "prod_1", "name": "Pump 7", "metadata": {"manufacturer": "Acme"}}
        for number in range(7):
            stripe.customer(f"cus_{number}", name=f"Customer {number}", currency="eur", address={"postal_code": "10115", "country": "DE"})
            facts = {"customer": f"cus_{number}", "status": "active", "start_date": START, "currency": "eur", "cancel_at": None}
            stripe.subscription(f"sub_{number}", [item(f"si_{number}")], **facts)
            stripe.invoice(f"in_{number}", f"sub_{number}", "paid")
        stripe.later(hours=1)
        yield stripe


@pytest.fixture
def bench(database: Database, tmp_path: Path, now: datetime) -> SourceBench:
    return SourceBench(database, tmp_path, now)


def put(bench: SourceBench, billing: Stripe, kind: str, **settings: str) -> int:
    named = {"url": billing.url, "key": bench.secret(billing.key), **settings}
    return bench.put("stripe", kind, named, f"billing {kind}", most_changed=50)


def days(bench: SourceBench, query: str) -> list[tuple[str, ...]]:
    return [tuple(map(str, row)) for row in bench.rows(query)]


def test_customers_come_page_by_page_then_what_events_name(bench: SourceBench, billing: Stripe) -> None:
    source = put(bench, billing, "accounts")
    assert bench.take(source).counts["new"] == 7
    assert bench.rows("SELECT name, currency, country FROM account WHERE ref = 'cus_3'") == [("Customer 3", "EUR", "DE")]
    billing.later(days=1)
    billing.customer("cus_2", name="Renamed")
    billing.delete_customer("cus_5")
    billing.asked.clear()
    run = bench.run(source)
    assert run is not None
    assert (run.state, run.counts["changed"], run.counts["gone"], run.whole) == (RunState.IMPORTED, 1, 1, False)
    assert {asked.path for asked in billing.asked} == {"/v1/events", "/v1/customers/cus_2", "/v1/customers/cus_5"}
    assert len(bench.rows("SELECT ref FROM account")) == 7


def test_subscriptions_renew_by_the_interval_of_their_price_and_end_when_they_are_cancelled(bench: SourceBench, billing: Stripe) -> None:
    source = put(bench, billing, "contracts")
    bench.take(source)
    term = "SELECT starts_on, ends_on, renewal_months, currency, state FROM contract WHERE ref = 'sub_3'"
    assert days(bench, term) == [("2026-03-01", "2026-04-01", "1", "EUR", "active")]
    billing.later(days=1)
    ends = int(datetime(2026, 12, 15, tzinfo=UTC).timestamp())
    billing.subscription("sub_1", status="canceled", ended_at=int(billing.now.timestamp()))
    billing.subscription("sub_2", cancel_at=ends, cancel_at_period_end=True)
    run = bench.take(source)
    assert run.counts["changed"] == 2
    ended = "SELECT ref, state, ended_on FROM contract WHERE ended_on IS NOT NULL ORDER BY ref"
    assert days(bench, ended) == [("sub_1", "cancelled", "2026-11-30"), ("sub_2", "active", "2026-12-15")]
    billing.later(days=30)
    assert bench.take(source).counts["changed"] == 0  # periods come and go, the records stay as they are


def test_rejected_rows_are_tried_again_though_nothing_changed_there(bench: SourceBench, billing: Stripe) -> None:
    payments = put(bench, billing, "billing")
    assert bench.take(payments).counts["refused"] == 7  # their contracts are not registered
    billing.later(days=1)
    assert bench.run(payments) is None, "rejected again: nothing to tell"
    bench.take(put(bench, billing, "contracts"))
    billing.subscription("sub_3", status="past_due")
    billing.invoice("in_3b", "sub_3", "open")
    run = bench.take(payments)
    assert (run.whole, run.counts["new"], "rows rejected before that were tried again: 7" in run.notes) == (False, 7, True)
    assert bench.rows("SELECT count(*) FROM invoice WHERE payment = 'overdue'") == [(1,)], "the newer row of a record counts"
    billing.later(days=1)
    billing.subscription("sub_5", status="past_due")
    assert not any("tried again" in note for note in bench.take(payments).notes), "none is left"


def test_a_trial_is_in_force_and_its_invoice_over_nothing_pays_nothing(bench: SourceBench, billing: Stripe) -> None:
    billing.subscription("sub_2", status="trialing")
    billing.invoice("in_trial", "sub_2", "paid")
    bench.take(put(bench, billing, "contracts"))
    bench.take(put(bench, billing, "billing"))
    trial = "SELECT c.state, i.payment FROM contract c JOIN invoice i ON i.contract_id = c.id WHERE c.ref = 'sub_2'"
    assert days(bench, trial) == [("active", "unknown")]


def test_items_are_lines_with_a_price_per_year_and_end_when_they_are_removed(bench: SourceBench, billing: Stripe) -> None:
    billing.subscription("sub_1", [item("si_1", 12_000, "jpy", "year"), item("si_x", 500)], currency="jpy")
    bench.take(put(bench, billing, "contracts"))
    (bench.lists / "products.csv").write_text("Manufacturer,Model\nAcme,Pump 7\n")
    os.utime(bench.lists / "products.csv", (1, 1))
    bench.take(bench.put("folder", "products", {"path": str(bench.lists)}))
    source = put(bench, billing, "contract-lines")
    assert bench.take(source).counts["refused"] == 0
    priced = bench.rows(
        "SELECT number, quantity, price, currency, service FROM contract_line WHERE number IN ('si_0', 'si_1') ORDER BY number"
    )
    assert [
        (number, quantity, Decimal(str(price)) / 10_000, currency, service) for number, quantity, price, currency, service in priced
    ] == [
        ("si_0", 2, Decimal("119.88"), "EUR", "Care"),
        ("si_1", 2, Decimal(12_000), "JPY", "Care"),
    ]
    billing.later(days=1)
    billing.subscription("sub_1", [item("si_1", 12_000, "jpy", "year")])
    run = bench.take(source)
    assert run.counts["changed"] == 1
    assert days(bench, "SELECT number, ends_on FROM contract_line WHERE ends_on IS NOT NULL") == [("si_x", "2026-11-30")]


@pytest.mark.parametrize(
    ("price", "per_year"),
    [
        ({"unit_amount": 999, "currency": "usd", "recurring": {"interval": "month", "interval_count": 3}}, "39.9600"),
        ({"unit_amount": 5_000, "currency": "jpy", "recurring": {"interval": "month", "interval_count": 1}}, "60000.0000"),
        ({"unit_amount": 5_000, "currency": "kwd", "recurring": {"interval": "year", "interval_count": 1}}, "5.0000"),
        ({"unit_amount": 50_000, "currency": "isk", "recurring": {"interval": "year", "interval_count": 1}}, "500.0000"),
        ({"unit_amount": 50_000, "currency": "ugx", "recurring": {"interval": "year", "interval_count": 1}}, "500.0000"),
        ({"unit_amount_decimal": "0.5", "currency": "usd", "recurring": {"interval": "year", "interval_count": 2}}, "0.0025"),
        ({"unit_amount": 700, "currency": "eur", "recurring": {"interval": "week", "interval_count": 1}}, "365.0000"),
        ({"unit_amount": None, "currency": "usd", "recurring": {"interval": "year", "interval_count": 1}}, None),
        ({"unit_amount": 700, "currency": "eur", "recurring": None}, None),
    ],
)
def test_amounts_are_in_the_smallest_unit_of_their_currency(price: dict[str, Any], per_year: str | None) -> None:
    assert _price_per_year({"price": price}) == per_year


def test_the_payment_of_the_last_invoice(bench: SourceBench, billing: Stripe) -> None:
    bench.take(put(bench, billing, "contracts"))
    source = put(bench, billing, "billing")
    bench.take(source)
    assert {payment for (payment,) in bench.rows("SELECT payment FROM invoice")} == {"paid"}
    billing.later(days=1)
    billing.subscription("sub_1", status="past_due")
    billing.invoice("in_8", "sub_1", "open")
    billing.invoice("in_9", "sub_2", "open")
    bench.take(source)
    payments = days(bench, "SELECT ref, payment, invoiced_on FROM invoice JOIN contract ON contract.id = contract_id ORDER BY ref")
    assert payments[:4] == [
        ("sub_0", "paid", "2026-11-29"),
        ("sub_1", "overdue", "2026-11-30"),
        ("sub_2", "unknown", "2026-11-30"),
        ("sub_3", "paid", "2026-11-29"),
    ]


def test_events_that_stripe_has_forgotten_make_it_read_the_whole_list(bench: SourceBench, billing: Stripe) -> None:
    source = put(bench, billing, "accounts", whole_days="90")
    bench.take(source)
    billing.later(days=1)
    billing.customer("cus_2", name="Renamed")
    billing.later(days=40)
    run = bench.take(source)
    assert (run.whole, run.counts["changed"]) == (True, 1)


def test_a_customer_deleted_while_the_list_is_read_does_not_cut_it_short(bench: SourceBench, billing: Stripe) -> None:
    source, pages = put(bench, billing, "accounts"), iter(range(100))
    billing.meanwhile = lambda: billing.delete_customer("cus_4") if next(pages) == 0 else None
    assert bench.take(source).counts["new"] == 6


def test_a_new_customer_while_the_list_is_read_comes_with_the_next_run(bench: SourceBench, billing: Stripe) -> None:
    source, pages = put(bench, billing, "accounts"), iter(range(100))
    billing.meanwhile = lambda: billing.customer("cus_9", name="Late") if next(pages) == 0 else None
    assert bench.take(source).counts["new"] == 7
    billing.later(hours=1)
    assert bench.take(source).counts["new"] == 1


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Answer({"error": {"message": "The provided key 'rk_live_*********s3cret' ... 'rak_customer_read'"}}, 403), "rak_customer_read"),
        (Answer({"error": {"message": "Invalid API Key provided: rk_live_s3cret"}}, 401), "not accepted or have expired"),
    ],
)
def test_refusals_are_said_in_a_sentence(bench: SourceBench, billing: Stripe, fault: Answer, why: str) -> None:
    source = put(bench, billing, "accounts")
    billing.faults = [Answer({"error": {"code": "rate_limit"}}, 429, {"Retry-After": "1"}), fault]
    sentence = bench.fails(source)
    assert why in sentence
    assert "s3cret" not in sentence


def test_the_day_of_an_instant_is_kept(bench: SourceBench, billing: Stripe) -> None:
    bench.take(bench.put("stripe", "contracts", {"url": billing.url, "key": bench.secret(billing.key)}, reading={"zone": "Asia/Tokyo"}))
    assert [str(day) for (day,) in bench.rows("SELECT DISTINCT starts_on FROM contract")] == [str(date(2026, 3, 1))]
