"""The customer base of random fleets is what pandas makes of the days of every contract and unit, on both databases."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from musterroll.domain.customers.counts import CustomerCounts, last_quarter
from musterroll.domain.customers.standing import Standing
from musterroll.storage.engine.database import Database
from musterroll.usecases.customers import base
from musterroll.usecases.customers.base import CustomerBase, CustomerRow
from musterroll.usecases.reconciliation.run import reconcile

from tests.support.customer_fleet import DAYS, fill


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
