"""Invoices on their page, on the page of an account, in Worth and over REST: the same sums everywhere."""

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from click.testing import CliRunner
from musterroll.cli import cli
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.invoices import IssuedInvoice
from sqlmodel import select

from tests.server.web.conftest import Visitor


@pytest.fixture
def invoiced(fleet_database: Database) -> str:
    """An account with one invoice paid late, one not due, and two overdue; returns its number."""
    today = datetime.now(UTC).date()
    with fleet_database.transaction() as session:
        account = session.exec(select(Account).order_by(Account.ref)).first()
        assert account is not None
        for ref, late, paid, currency in (("I1", 20, 5, "EUR"), ("I2", -9, None, "EUR"), ("I3", 45, None, "EUR"), ("I4", 120, None, "USD")):
            due = today - timedelta(late)
            days = {"issued_on": due - timedelta(30), "due_on": due, "paid_on": None if paid is None else due + timedelta(paid)}
            session.add(IssuedInvoice(ref=ref, account_id=account.id or 0, amount=Decimal(1000), currency=currency, **days))
        return account.ref


def test_outstanding_invoices_are_the_same_everywhere(visitor: Visitor, invoiced: str, fleet_database: Database) -> None:
    body = visitor.get(f"/api/v1/invoices?account={invoiced}").json
    assert {row["ref"]: (row["age"], row["left"] and row["left"]["currency"]) for row in body["items"]} == {
        "I1": (None, None),
        "I2": ("not due", "EUR"),
        "I3": ("31-60", "EUR"),
        "I4": ("over 90", "USD"),
    }
    sums = [(age["age"], age["invoices"]) for age in body["ageing"]]
    assert sums == [("not due", 1), ("1-30", 0), ("31-60", 1), ("61-90", 0), ("over 90", 1), ("credit notes", 0)]
    assert visitor.get("/api/v1/worth").json["ageing"] == body["ageing"]
    page = visitor.get(f"/invoices?account={invoiced}").text
    assert "5 days late" in page
    assert re.search(r"Overdue together</a></th><td[^>]*>2</td><td[^>]*>1,000 EUR \+ 1,000 USD", page)
    for address, refs in (("age=31-60", ["I3"]), ("show=overdue", ["I3", "I4"]), ("show=unpaid", ["I2", "I3", "I4"])):
        assert re.findall(r'class="serial">(I\d)<', visitor.get(f"/invoices?{address}").text) == refs
    account = visitor.get(f"/accounts/{invoiced}").text
    assert "1,000 EUR + 1,000 USD" in account
    assert "overdue invoices, the oldest by 120 days" in account
    assert visitor.get("/api/v1/invoices?overdue=true&format=csv").text.count("\n") == 3
    env = {"MUSTERROLL_DATABASE_URL": str(fleet_database.url)}
    shown = json.loads(CliRunner().invoke(cli, ["invoices", "--overdue", "--json"], env=env).stdout)
    assert [row["ref"] for row in shown["invoices"]] == ["I3", "I4"]
    assert "overdue: 2 invoices, 1,000.00 EUR + 1,000.00 USD" in CliRunner().invoke(cli, ["invoices"], env=env).stdout


def test_renewals_ahead_are_said_to_be_untold_where_few_terms_have_ended(visitor: Visitor, invoiced: str) -> None:
    worth = visitor.get("/api/v1/worth").json["forecast"]
    assert worth["terms"] < 10
    assert all(quarter["renewed"] is None for quarter in worth["coming"])
