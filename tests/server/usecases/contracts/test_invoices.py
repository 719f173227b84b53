"""Invoices of a random list: ageing, overdue sums and history are what pandas finds, on both databases."""

import random
from datetime import datetime, timedelta
from decimal import Decimal

import pandas as pd
import pytest
from musterroll.domain.contracts.invoices import Age
from musterroll.domain.contracts.terms import Payment
from musterroll.domain.values.money import Money
from musterroll.readers.fields import DocumentRow
from musterroll.storage.contracts import invoices as stored
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.invoices import IssuedInvoice
from musterroll.usecases.contracts import invoices
from musterroll.usecases.contracts.invoices import InvoiceQuery
from sqlmodel import Session

from tests.support import documents, records
from tests.support.documents import outcomes, take

BINS = {Age.OPEN: (-9999, 0), Age.DAYS_30: (1, 30), Age.DAYS_60: (31, 60), Age.DAYS_90: (61, 90), Age.OLDER: (91, 9999)}


def fill(session: Session, now: datetime) -> pd.DataFrame:
    dice, rows = random.Random(8), []
    parent = records.account(session, "A0")
    owners = [parent, records.account(session, "A1", parent=parent), records.account(session, "A2")]
    for n in range(200):
        due, amount = now.date() - timedelta(dice.randint(-60, 200)), Decimal(dice.randint(1, 99_999) * dice.choice([1, 1, 1, -1])) / 100
        balance = dice.choice([None, None, Decimal(0), amount / 4])
        payment, paid = dice.choice(list(Payment)), dice.choice([None, None, due])
        owner, currency = dice.choice(owners), dice.choice(["EUR", "USD"])
        days = {"issued_on": due - timedelta(30), "due_on": due, "paid_on": paid}
        facts = {"amount": amount, "balance": balance, "currency": currency, "payment": payment}
        session.add(IssuedInvoice(ref=f"I{n:03}", account_id=owner.id or 0, **days, **facts))
        left = 0 if paid or payment in (Payment.PAID, Payment.VOID) else amount if balance is None else balance
        rows.append({"ref": f"I{n:03}", "account": owner.ref, "id": owner.id, "currency": currency, "late": (now.date() - due).days})
        rows[-1] |= {"due": due, "left": Decimal(left)}
    return pd.DataFrame(rows)


def by_pandas(frame: pd.DataFrame) -> list[tuple[Age, int, dict[str, Decimal]]]:
    unpaid = frame[frame.left > 0]
    parts = [*((age, unpaid[unpaid.late.between(*days)]) for age, days in BINS.items()), (Age.CREDIT, frame[frame.left < 0])]
    return [(age, len(part), {str(currency): of.left.sum() for currency, of in part.groupby("currency")}) for age, part in parts]


def test_ageing_and_history_are_what_pandas_finds(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        frame = fill(session, now)
    with database.snapshot() as session:
        for of_account, refs in ((None, ["A0", "A1", "A2"]), ("A0", ["A0", "A1"]), ("A2", ["A2"])):
            of = frame[frame.account.isin(refs)]
            ages = invoices.ageing(session, now, of_account)
            sums = [(age.age, age.invoices, {money.currency: money.amount for money in age.amounts}) for age in ages]
            assert sums == by_pandas(of)
            rows, following = invoices.page(session, InvoiceQuery(of_account or ""), now, None, 1000)
            assert following is None
            assert sorted(row.ref for row in rows) == sorted(of.ref)
        late = frame[(frame.left > 0) & (frame.late > 0)]
        owed = {(number, money.currency): (money.amount, since) for number, money, since in stored.owed(session, now.date())}
        assert owed == {key: (of.left.sum(), of.due.min()) for key, of in late.groupby(["id", "currency"])}
        credit, _ = invoices.page(session, InvoiceQuery(age=Age.CREDIT), now, None, 1000)
        assert {row.ref for row in credit} == set(frame[frame.left < 0].ref)
        first, cursor = invoices.page(session, InvoiceQuery(age=Age.DAYS_60), now, None, 3)
        rest, _ = invoices.page(session, InvoiceQuery(age=Age.DAYS_60), now, cursor, 1000)
        assert {row.ref for row in first + rest} == set(late[late.late.between(31, 60)].ref)
        assert [row.due_on for row in first + rest] == sorted((row.due_on for row in first + rest), reverse=True)
    with database.snapshot([int(frame[frame.account == "A2"].id.iloc[0])]) as session:
        (limited,) = {tuple(by_pandas(frame[frame.account == "A2"])[0][:2])}
        assert invoices.ageing(session, now)[0][:2] == limited


def test_what_is_left_of_each_invoice_is_in_the_list(sqlite_database: Database, now: datetime) -> None:
    with sqlite_database.transaction() as session:
        frame = fill(session, now)
        rows, _ = invoices.page(session, InvoiceQuery(), now, None, 1000)
    left = {of.ref: Money(of.left, of.currency) if of.left else None for of in frame.itertuples()}
    assert {row.ref: row.left for row in rows} == left


@pytest.mark.parametrize(
    ("amount", "balance", "document", "stored"),
    [
        ("-120.50", "-20.50", "", (Decimal("-120.5"), Decimal("-20.5"))),
        ("(120.50)", "", "", (Decimal("-120.5"), None)),
        ("120.50-", "20.50", "", (Decimal("-120.5"), Decimal("-20.5"))),
        ("120.50", "20.50", "Credit memo", (Decimal("-120.5"), Decimal("-20.5"))),
        ("120.50", "20.50", "Invoice", (Decimal("120.5"), Decimal("20.5"))),
        ("120.50", "-20.50", "Invoice", None),
    ],
)
def test_a_credit_note_is_an_amount_below_zero_however_it_is_written(
    amount: str, balance: str, document: str, stored: tuple[Decimal, Decimal | None] | None
) -> None:
    head = "Invoice Number,Account ID,Invoice Date,Amount,Balance Due,Currency,Document Type\n"
    (row,) = documents.document("invoices", f"{head}I1,A1,2026-08-01,{amount},{balance},EUR,{document}\n").rows()
    read = (row.values["amount"], row.values.get("balance")) if isinstance(row, DocumentRow) else None
    assert read == stored


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        ("I9,A1,,2026-08-01,2026-08-31,12.50,,EUR,,", "new"),
        ("I9,,C1,2026-08-01,,12.50,,EUR,Open,", "new"),  # of the contract's account, due as usual
        ("I9,A77,,2026-08-01,2026-08-31,12.50,,EUR,,", "account A77 is not registered; import the accounts first"),
        ("I9,,,2026-08-01,2026-08-31,12.50,,EUR,,", "give the Account ID of the invoice"),
        ("I9,A1,,2026-08-01,2026-07-31,12.50,,EUR,,", "before"),
    ],
)
def test_an_invoice_is_of_a_registered_account(sqlite_database: Database, now: datetime, row: str, outcome: str) -> None:
    documents.take_all(sqlite_database, now)
    head = "Invoice Number,Account ID,Contract Number,Invoice Date,Due Date,Amount,Balance Due,Currency,Payment State,Paid Date\n"
    verdicts, _ = take(sqlite_database, now, "invoices", f"{head}{row}\n")
    assert outcomes(verdicts) == ["new"] if outcome == "new" else outcome in (verdicts[0].why or "")
