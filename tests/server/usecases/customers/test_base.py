"""The customer base of random fleets is what pandas makes of the days of every contract and unit, on both databases."""

import random
from collections.abc import Mapping
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from musterroll.domain.contracts.terms import ContractState
from musterroll.domain.customers.counts import CustomerCounts, last_quarter
from musterroll.domain.customers.standing import Standing
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.contracts import Contract
from musterroll.usecases.customers import base
from musterroll.usecases.customers.base import CustomerBase, CustomerRow
from musterroll.usecases.reconciliation.run import reconcile
from sqlmodel import Session

from tests.support import unit_rows

DAYS = 2_000  # that are looked back
COUNTRIES, SEGMENTS = ("DE", "AT", ""), ("health", "retail", "")


def fill(session: Session, now: datetime, seed: int, accounts: int = 80) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Accounts, and the days `first` to before `last` (counted back from today: 0) on which each is a customer; last 1: still."""
    dice, today = random.Random(seed), now.date()
    unit_rows.listening(session, to_ms(now) - 10**9, to_ms(now))
    rows, spans = [], []
    for n in range(accounts):
        parent = dice.choice([None, *(row["id"] for row in rows)]) if n % 3 else None
        facts = {"country": dice.choice(COUNTRIES), "segment": dice.choice(SEGMENTS)}
        account = Account(ref=f"A{n:03}", name=f"Account {n}", parent_id=parent, created_at=now, **facts)
        session.add(account)
        session.flush()
        rows.append({"id": account.id, "ref": account.ref, "parent": parent, "operating": 0, **facts})
        for m in range(dice.choice([0, 1, 1, 2, 3])):
            spans += _contract(session, dice, today, account.id or 0, f"C{n}-{m}")
        for m in range(dice.choice([0, 0, 1, 2])):
            span, operates = _unit(session, dice, now, account.id or 0, f"SN{n}X{m}")
            spans += span
            rows[-1]["operating"] += operates
    return pd.DataFrame(rows).set_index("id"), pd.DataFrame(spans, columns=["id", "first", "last"])


def _contract(session: Session, dice: random.Random, today: date, account: int, ref: str) -> list[tuple[int, int, int]]:
    first = -dice.randint(-30, DAYS - 100)
    months = dice.choice([200, 365, 730, None])
    state = dice.choice([ContractState.ACTIVE, ContractState.ACTIVE, ContractState.CANCELLED, ContractState.DRAFT])
    starts_on = today + timedelta(first)
    ends_on = None if months is None else starts_on + timedelta(months)
    ended_on = starts_on + timedelta(dice.randint(1, 400)) if state is ContractState.CANCELLED else None
    session.add(
        Contract(ref=ref, account_id=account, state=state, starts_on=starts_on, ends_on=ends_on, ended_on=ended_on, created_at=unit_rows.LONG_AGO)
    )
    ends = [(day - today).days for day in (ends_on, ended_on) if day is not None]
    last = min(ends) if ends and min(ends) <= 0 else 1
    return [] if state is ContractState.DRAFT or first > 0 else [(account, first, last)]


def _unit(session: Session, dice: random.Random, now: datetime, account: int, serial: str) -> tuple[list[tuple[int, int, int]], int]:
    first, lifecycle = -dice.randint(1, DAYS - 100), dice.choice([Lifecycle.DEPLOYED, Lifecycle.DEPLOYED, Lifecycle.RETURNED, Lifecycle.STOCK])
    left = dice.randint(first + 1, 0) if lifecycle is Lifecycle.RETURNED else None
    heard = dice.random() < 0.6
    on = {"installed_on": now.date() + timedelta(first), "shipped_on": now.date() + timedelta(first + 5)}
    facts = {"lifecycle": lifecycle, "left_on": None if left is None else now.date() + timedelta(left)}
    status = {"heard_at": to_ms(now) if heard else None}
    unit_rows.unit(session, serial, status=status, account_id=account, **on, **facts)
    if lifecycle is Lifecycle.STOCK:
        return [], 0
    return [(account, first, 1 if left is None else left)], int(heard and lifecycle is Lifecycle.DEPLOYED)


def runs(spans: pd.DataFrame) -> list[tuple[int, int]]:
    """The times as a customer, of days with anything, where at most 90 days without are between: first day, and day after the last."""
    days = np.zeros(DAYS + 1, dtype=bool)  # the last one is today
    for first, last in zip(spans["first"], spans["last"], strict=True):
        days[DAYS + first : DAYS + last] = True
    (active,) = np.nonzero(days)
    parts = np.split(active, np.nonzero(np.diff(active) > 91)[0] + 1)
    return [(int(part[0]) - DAYS, int(part[-1]) + 1 - DAYS) for part in parts]


def by_pandas(accounts: pd.DataFrame, spans: pd.DataFrame, today: date, tops: Mapping[int, int]) -> pd.DataFrame:
    quarter = [(day - today).days for day in last_quarter(today) if day]
    customers = []
    for top, of in spans.groupby(spans["id"].map(tops)):
        history = runs(of)
        current = history[-1][1] == 1
        operating = accounts.operating[[number for number in accounts.index if tops[number] == top]].sum()
        customers.append(
            {
                **accounts.loc[top][["ref", "country", "segment"]],
                "standing": ("operating" if operating else "dormant") if current else "lapsed",
                "first": history[0][0],
                "won_back": current and len(history) > 1,
                "churned": any(quarter[0] <= last < quarter[1] for _, last in history),
                "opening": any(first <= quarter[0] < last for first, last in history),
                "life": (min(history[0][1], 0) - history[0][0]),
                "failed": history[0][1] < 1,
            }
        )
    return pd.DataFrame(customers)


def counted(frame: pd.DataFrame) -> CustomerCounts:
    standing = frame.standing.value_counts()
    each = (int(standing.get(name, 0)) for name in ("operating", "dormant", "lapsed"))
    return CustomerCounts(len(frame), *each, int(frame.won_back.sum()), int(frame.churned.sum()))


def kaplan_meier(frame: pd.DataFrame, age: float) -> float:
    """The product over the days on which customers lapsed."""
    share, lapsed = 1.0, frame[frame.failed & (frame.life <= age)]
    for life in sorted(lapsed.life.unique()):
        share *= 1 - (lapsed.life == life).sum() / (frame.life >= life).sum()
    return share


def check(of: CustomerBase, rows: list[CustomerRow], frame: pd.DataFrame, today: date) -> None:
    assert of.counts == counted(frame)
    assert of.opening == frame.opening.sum()
    assert sum(of.causes.values()) == of.counts.churned
    for groups, column in ((of.segments, "segment"), (of.countries, "country")):
        assert {group.key: group.counts for group in groups} == {key: counted(part) for key, part in frame.groupby(column)}
    months = frame["first"].map(lambda first: f"{today + timedelta(int(first)):%Y-%m}")
    assert {group.key: group.counts for group in of.months} == {key: counted(part) for key, part in frame.groupby(months)}
    assert [(row.ref, str(row.standing), row.churned) for row in rows] == [
        (row.ref, row.standing, row.churned) for row in frame.sort_values("ref").itertuples()
    ]
    assert all((row.lapsed_on is None) == (row.standing is not Standing.LAPSED) for row in rows)
    whole = of.curves[0]
    assert (whole.cohort, whole.customers, whole.lapsed) == ("all", len(frame), frame.failed.sum())
    for point in whole.points[1:]:
        assert point.share == pytest.approx(kaplan_meier(frame, point.month * 365.25 / 12))
        assert point.low <= point.share <= point.high


@pytest.mark.parametrize("seed", range(2))
def test_customers_are_what_pandas_makes_of_their_days(database: Database, now: datetime, seed: int) -> None:
    with database.transaction() as session:
        accounts, spans = fill(session, now, seed)
    with database.transaction() as session:
        reconcile(session, now, now, store=True)
    with database.snapshot() as session:
        result, own, rolled = (base.customers(session, now).value, *(base.rows(session, of, now).value for of in (False, True)))
    itself, parents = {number: number for number in accounts.index}, accounts.parent.dropna().astype(int).to_dict()
    tops = dict(itself)
    for number in accounts.index:  # parents come first
        tops[number] = tops[parents[number]] if number in parents else number
    check(result.own, own, by_pandas(accounts, spans, now.date(), itself), now.date())
    check(result.rolled, rolled, by_pandas(accounts, spans, now.date(), tops), now.date())
    assert (result.own.accounts, result.rolled.accounts) == (len(accounts), len(set(tops.values())))
    below = [number for number, top in tops.items() if top == accounts.index[0]]
    with database.snapshot([int(accounts.index[0])]) as session:
        limited, some = base.customers(session, now).value, base.rows(session, False, now).value
    check(limited.own, some, by_pandas(accounts.loc[below], spans[spans.id.isin(below)], now.date(), itself), now.date())
