"""Adoption and milestones on random fleets, compared with pandas, on both databases, for all and for users limited to an account."""

import random
from datetime import date, datetime, timedelta

import pandas as pd
import pytest
from musterroll.domain.usage.adoption import BREAKDOWNS, Group
from musterroll.domain.usage.periods import day_of
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.reconciliation import UnitReconciliation
from musterroll.storage.tables.usage import UnitUse, UsageCounter, UsageSum
from musterroll.usecases.usage import adoption
from musterroll.usecases.usage.adoption import Engagement
from sqlmodel import Session

from tests.support import unit_rows

UNITS, SINCE = 120, 130  # days ago use was measured first
COUNTERS = {1: "pages", 2: "doors"}


def fill(session: Session, now: datetime) -> pd.DataFrame:
    """A random fleet, as rows of a unit and a counter."""
    dice, rows, today = random.Random(11), [], now.date()
    accounts = [unit_rows.place(session, f"A{n}", f"S{n}")[0] for n in range(3)]
    for n, account in enumerate(accounts):
        session.get_one(Account, account).segment = ("", "health", "retail")[n]
    session.add(UsageSum(account_id=accounts[0], product_id=1, counter_id=1, day=day_of(today) - SINCE, use=1, units=1))
    session.add_all(UsageCounter(id=key, name=name) for key, name in COUNTERS.items())
    for n in range(UNITS):
        shipped = dice.choice([None, today - timedelta(days=dice.randint(0, 200))])
        installed = dice.choice([None, (shipped or today - timedelta(days=90)) + timedelta(days=dice.randint(-3, 60))])
        heard = dice.choice([None, now - timedelta(days=dice.randint(0, 150))])
        firmware, account = dice.choice(["", "1.0", "2.0", '3,"x']), dice.choice([*accounts, None])
        unit = unit_rows.unit(
            session,
            f"SN{n}",
            model=f"Pump {n % 2}",
            account_id=account,
            status={"first_heard_at": heard and to_ms(heard)},
            **{"shipped_on": shipped, "installed_on": installed, "firmware": firmware},
        )
        cell = dice.choice([0, 3, 7, 2, 7, 3])
        session.add(UnitReconciliation(unit_id=unit.id, product_id=unit.product_id, cell=cell))
        for counter in COUNTERS:
            reports = dice.random() < 0.7
            used = reports and dice.random() < 0.7
            first = day_of(today) - dice.randint(0, 100) if used else None
            last = dice.randint(first, day_of(today)) if first is not None else None
            if reports:
                session.add(UnitUse(unit_id=unit.id, counter_id=counter, at=0, value=1, first_day=first, last_day=last))
            start = installed or shipped
            cohort = f"{start.year} Q{(start.month + 2) // 3}" if start else ""
            owner = "" if account is None else session.get_one(Account, account).segment
            rows.append(
                {
                    **{"unit": n, "account": account, "product": unit.product_id, "firmware": firmware, "segment": owner, "cohort": cohort},
                    **{"operating": cell & 3 == 3, "counter": COUNTERS[counter], "reports": reports, "first": first, "last": last},
                    **{"shipped": shipped, "installed": installed and day_of(installed), "heard": heard and day_of(heard.date())},
                }
            )
    return pd.DataFrame(rows)


def check(result: Engagement, frame: pd.DataFrame, today: date) -> None:
    day, now_operating = day_of(today), frame[frame.operating]
    for counter in COUNTERS.values():
        of_counter = now_operating[now_operating.counter == counter]
        for product, of_product in [(0, of_counter), *of_counter.groupby("product")]:
            (total,) = (row for row in result.counters(product) if row.counter == counter)
            assert total.operating == len(of_product)
            assert total.used.used_30 == int((of_product["last"] > day - 30).sum())
            for by in BREAKDOWNS:
                rows = {row.group.key: row for row in result.parts(counter, by, product)}
                assert {key: row.operating for key, row in rows.items()} == of_product.groupby(by).size().to_dict()
                for key, part in of_product.groupby(by):
                    assert rows[key].group == Group(product, by, key)
                    expected = [int(part.reports.sum()), *(int((part["last"] > day - days).sum()) for days in (7, 30, 90))]
                    assert list(rows[key].used) == expected
    for row in result.milestones:
        some = frame[(frame.counter == (row.step if row.step in COUNTERS.values() else "pages")) & frame.shipped.notna()]
        some = some[some["product"] == row.product_id] if row.product_id else some
        some = some[some.shipped >= today - timedelta(days=SINCE)] if row.step in COUNTERS.values() else some
        age = day - some.shipped.map(day_of)
        reached = some[{adoption.DEPLOYED: "installed", adoption.HEARD: "heard"}.get(row.step, "first")]
        reached = reached.where(reached <= day)
        lead = (reached - some.shipped.map(day_of)).clip(lower=0)
        assert (row.milestone.shipped, row.milestone.reached) == (len(some), int(reached.notna().sum()))
        assert row.milestone.median == (pytest.approx(lead.median()) if row.milestone.reached else None)
        assert list(row.milestone.by_day) == [(int((age >= d).sum()), int(((age >= d) & (lead <= d)).sum())) for d in (30, 60, 90)]


def test_adoption_and_milestones_are_what_pandas_finds(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        frame = fill(session, now)
    with database.snapshot() as session:
        check(adoption.engagement(session, now).value, frame, now.date())
    account = int(frame.account.dropna().iloc[0])
    with database.snapshot([account]) as session:
        check(adoption.engagement(session, now).value, frame[frame.account == account], now.date())


def test_an_empty_fleet_has_no_adoption(database: Database, now: datetime) -> None:
    with database.snapshot() as session:
        assert adoption.engagement(session, now).value.counters() == []
