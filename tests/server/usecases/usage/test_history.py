"""Use by day, week and month of units, sites, accounts and products, on both databases, compared with pandas."""

from datetime import datetime, timedelta

import pandas as pd
import pytest
from musterroll.domain.usage.periods import Period, date_of, day_of
from musterroll.domain.values.errors import DomainError, NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.liveness import UnitUsage
from musterroll.storage.usage import readings
from musterroll.usecases.usage import history, measure
from musterroll.usecases.usage.history import UsageScope

from tests.support import unit_rows

DAYS = 100


def report_daily(database: Database, now: datetime) -> tuple[pd.DataFrame, str, int]:
    """Each of four units counts n pages on day n, of a fleet of two accounts, one below the other: the true use, a unit and a product."""
    midnight = datetime(now.year, now.month, now.day, tzinfo=now.tzinfo)
    rows = []
    with database.transaction() as session:
        parent, _ = unit_rows.place(session, "A1", "S1")
        child, _ = unit_rows.place(session, "A2", "S2")
        session.get_one(Account, child).parent_id = parent
        units = []
        for n in range(4):
            account, site = unit_rows.place(session, f"A{1 + n % 2}", f"S{1 + n % 2}")
            places = {"account_id": account, "site_id": site, "status": {"heard_at": to_ms(now)}}
            units.append(unit_rows.unit(session, f"SN{n}", model=f"Pump {n // 2}", **places))
    value = 0
    for day in range(DAYS, -1, -1):
        at = midnight - timedelta(days=day)
        value += DAYS - day
        with database.transaction() as session:
            for n, unit in enumerate(units):
                session.merge(UnitUsage(unit_id=unit.id, name="pages", value=value * (n + 1), at=to_ms(at)))
                used = {"day": pd.Timestamp(at.date()) - pd.Timedelta(days=1), "use": (DAYS - day) * (n + 1)}
                rows.append({"unit": n, "account": n % 2, "product": n // 2, **used})
            session.flush()
            measure.read(session, readings.next_units(session, 0, 10), at)
    return pd.DataFrame([row for row in rows if row["use"]]), units[2].uid, units[2].product_id


def test_each_scope_folds_to_what_pandas_finds(database: Database, now: datetime) -> None:
    frame, unit, product = report_daily(database, now)
    of = {
        UsageScope(): frame.use > 0,
        UsageScope(unit=unit): frame.unit == 2,
        UsageScope(site="S2"): frame.account == 1,
        UsageScope(account="A1"): frame.use > 0,
        UsageScope(account="A2"): frame.account == 1,
        UsageScope(product_id=product): frame["product"] == 1,
        UsageScope(account="A2", product_id=product): (frame["product"] == 1) & (frame.account == 1),
    }
    with database.snapshot() as session:
        for scope, mask in of.items():
            for period, count, of_period in ((Period.DAY, 90, "D"), (Period.WEEK, 14, "W-SUN"), (Period.MONTH, 4, "M")):
                expected = frame[mask].groupby(frame.day.dt.to_period(of_period)).use.agg(["sum", "count"])
                by_start = {key.start_time.date(): (float(row["sum"]), int(row["count"])) for key, row in expected.iterrows()}
                rows = history.usage(session, scope, "pages", period, count, now)
                assert len(rows) == count
                assert [row.use for row in rows] == pytest.approx([by_start.get(row.start, (0, 0))[0] for row in rows])
                assert [row.unit_days for row in rows] == [by_start.get(row.start, (0, 0))[1] for row in rows]
            (total,) = history.counters(session, scope, now)
            recent = frame[mask & (frame.day > pd.Timestamp(date_of(day_of(now.date()) - 30)))]
            assert (total.use, total.unit_days) == pytest.approx((float(recent.use.sum()), len(recent)))


def test_what_is_asked_wrongly_is_one_sentence(database: Database, now: datetime) -> None:
    with database.snapshot() as session:
        with pytest.raises(NotFound, match="no unit has reported a counter named 'pages'"):
            history.usage(session, UsageScope(), "pages", Period.DAY, 30, now)
        with pytest.raises(DomainError, match="of weeks, the last 15 are kept: ask for 1 to 15"):
            history.usage(session, UsageScope(), "pages", Period.WEEK, 16, now)
        for scope in (UsageScope(unit="nope"), UsageScope(site="nope"), UsageScope(account="nope")):
            with pytest.raises(NotFound):
                history.counters(session, scope, now)
