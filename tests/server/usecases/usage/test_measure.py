"""Use measured from the counters that units report, on both databases, compared with pandas on random counters."""

import random
from datetime import date, datetime, timedelta

import pandas as pd
import pytest
from musterroll.domain.usage import days as rules
from musterroll.domain.usage.periods import Period, date_of, day_of, start_of
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.liveness import UnitUsage
from musterroll.storage.tables.usage import UnitUse, UsageSum
from musterroll.storage.usage import readings, sums
from musterroll.usecases.usage import measure
from sqlalchemy import delete
from sqlmodel import Session, col, select

from tests.support import unit_rows

HOURS, DAYS = 12, 12


def fleet(session: Session, now: datetime) -> list[tuple[int, int, int]]:
    """Units of two accounts, a subsidiary and none, of two products: (unit, account, product)."""
    units = []
    for n in range(9):
        account, site = unit_rows.place(session, f"A{n % 3}", f"S{n % 3}")
        places = {} if n == 8 else {"account_id": account, "site_id": site}
        status = {"heard_at": to_ms(now), "first_heard_at": to_ms(now)}
        unit = unit_rows.unit(session, f"SN{n}", model=f"Pump {n % 2}", status=status, **places)
        units.append((unit.id or 0, places.get("account_id", 0), unit.product_id))
    return units


def test_use_by_unit_account_and_product_is_what_pandas_finds(database: Database, now: datetime) -> None:
    dice, words = random.Random(4), []
    start = now - timedelta(days=DAYS)
    with database.transaction() as session:
        units = fleet(session, now)
    values = {(unit, name): 100.0 for unit, _, _ in units for name in ("pages", "doors")}
    for step in range(DAYS * 24 // HOURS):
        at = start + timedelta(hours=HOURS * step)
        with database.transaction() as session:
            for (unit, name), value in values.items():
                if dice.random() < 0.3:  # not heard: its use comes with the next word
                    continue
                values[unit, name] = dice.randint(0, 9) if dice.random() < 0.05 else value + dice.randint(0, 30)
                words.append((unit, name, to_ms(at), values[unit, name]))
                session.merge(UnitUsage(unit_id=unit, name=name, value=values[unit, name], at=to_ms(at)))
        with database.transaction() as session:
            while measure.measure(session, at, 5):
                pass
            assert not measure.due(session, at)
    expected = by_pandas(words)
    with database.transaction() as session:
        names = readings.names(session)
        known = readings.known(session, [unit for unit, _, _ in units])
        measured = {(unit, names[counter], day): abs(use) for (unit, counter), k in known.items() for day, use in rules.by_day(k).items()}
        stored = {(s.account_id, s.product_id, names[s.counter_id], s.day): (s.use, s.units) for s in session.exec(select(UsageSum))}
    assert measured == pytest.approx(expected)
    places = {unit: (account, product) for unit, account, product in units}
    totals: dict[tuple[int, int, str, int], tuple[float, int]] = {}
    for (unit, name, day), use in expected.items():
        before = totals.get((*places[unit], name, day), (0, 0))
        totals[*places[unit], name, day] = before[0] + use, before[1] + 1
    assert {key: value[1] for key, value in stored.items()} == {key: value[1] for key, value in totals.items()}
    assert {key: value[0] for key, value in stored.items()} == pytest.approx({key: value[0] for key, value in totals.items()})


def by_pandas(words: list[tuple[int, str, int, float]]) -> dict[tuple[int, str, int], float]:
    """Growth by second, summed by day."""
    frame = pd.DataFrame(words, columns=["unit", "name", "at", "value"])
    use = {}
    for (unit, name), rows in frame.groupby(["unit", "name"]):
        growth = rows.value.diff().where(rows.value.diff() >= 0, rows.value).iloc[1:].cumsum()
        index = pd.to_datetime(rows["at"], unit="ms")
        total = pd.Series([0.0, *growth], index=index).resample("h").interpolate("time").asfreq("h")
        midnights = pd.date_range(index.min().normalize(), index.max().normalize() + pd.Timedelta(days=1))
        edges = total.reindex(total.index.union(midnights)).interpolate("time", limit_area="inside").ffill().fillna(0.0)
        for day, grown in edges[midnights].diff().iloc[1:].items():
            if grown > 1e-9:
                use[unit, name, day_of((day - pd.Timedelta(days=1)).date())] = grown
    return use


def report(database: Database, unit: int, value: float, at: datetime) -> None:
    with database.transaction() as session:
        session.merge(UnitUsage(unit_id=unit, name="pages", value=value, at=to_ms(at)))
    with database.transaction() as session:
        measure.read(session, readings.next_units(session, 0, 10), at)


def test_the_use_of_an_undone_list_is_taken_away(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        unit = unit_rows.unit(session, "SN1", status={"heard_at": to_ms(now)}).id or 0
    report(database, unit, 100, now - timedelta(days=40))
    report(database, unit, 190, now - timedelta(days=10))
    report(database, unit, 250, now)
    with database.transaction() as session:
        assert sum(session.exec(select(UsageSum.use))) == pytest.approx(150)
        session.merge(UnitUsage(unit_id=unit, name="pages", value=190, at=to_ms(now - timedelta(days=10))))
        measure.read(session, readings.next_units(session, 0, 10), now)
        assert sum(session.exec(select(UsageSum.use))) == pytest.approx(90)
        session.execute(delete(UnitUsage))
        measure.read(session, readings.next_units(session, 0, 10), now)
        assert sum(session.exec(select(UsageSum.use))) == pytest.approx(0)
        assert session.exec(select(UnitUse)).all() == []


def test_old_days_are_folded_into_months_once(database: Database, now: datetime) -> None:
    today = now.date()
    days = [day_of(today) - n for n in range(300)]
    with database.transaction() as session:
        session.add_all(
            UsageSum(account_id=n % 2, product_id=1, counter_id=1, day=day, use=n, units=1) for day in days for n in (1, 2, 3)[:2]
        )
    frame = pd.Series(3, index=pd.to_datetime([date_of(day) for day in days])).groupby(lambda at: at.to_period("M")).sum()
    for _ in range(2):
        with database.transaction() as session:
            sums.fold_months(session, today)
            months: dict[date, float] = {}
            for row in sums.by_day(session, 1, 0):
                month = start_of(date_of(row.day), Period.MONTH)
                months[month] = months.get(month, 0) + row.use
            assert months == {period.to_timestamp().date(): use for period, use in frame.items()}
            folded = session.exec(
                select(UsageSum.day).where(col(UsageSum.day) < day_of(date(today.year, 7, 1)), UsageSum.account_id == 1)
            ).all()
            assert len(folded) == len(frame[frame.index < "2026-07"])
