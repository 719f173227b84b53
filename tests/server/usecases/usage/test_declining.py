"""Accounts whose use declines, on both databases: the evidence, and tickets first."""

from datetime import datetime, timedelta

import pytest
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.usage.periods import Period, day_of, start_of
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.units import Incident
from musterroll.storage.tables.usage import UsageCounter, UsageSum
from musterroll.usecases.usage import declining

from tests.support import unit_rows

WEEKS = {
    "A1": [70, 68, 69, 60, 55, 50, 44, 40, 33, 30, 28, 20],  # falls, few tickets
    "A2": [70, 71, 69, 72, 70, 68, 71, 69, 70, 73, 69, 70],  # steady
    "A3": [80, 75, 76, 70, 66, 60, 58, 50, 49, 44, 40, 39],  # falls less, many tickets
    "A4": [0, 0, 90, 80, 70, 60, 50, 40, 30, 20, 10, 5],  # began within the time
}


def test_falling_accounts_with_many_tickets_come_first(database: Database, now: datetime) -> None:
    monday = day_of(start_of(now.date(), Period.WEEK))
    with database.transaction() as session:
        session.add(UsageCounter(id=1, name="pages"))
        for n, (ref, weeks) in enumerate(WEEKS.items()):
            account, site = unit_rows.place(session, ref, f"S{ref}")
            unit = unit_rows.unit(session, f"SN{n}", account_id=account, site_id=site, lifecycle=Lifecycle.DEPLOYED)
            for week, use in enumerate(weeks):
                for day in range(7):  # of each week; the current one is not complete and not looked at
                    at = monday - 84 + 7 * week + day
                    session.add(UsageSum(account_id=account, product_id=unit.product_id, counter_id=1, day=at, use=use / 7, units=1))
            session.add(UsageSum(account_id=account, product_id=unit.product_id, counter_id=1, day=monday, use=999, units=1))
            tickets = {"A1": 1, "A3": 5}.get(ref, 0)
            opened = [now.date() - timedelta(days=10 * ticket) for ticket in range(tickets)] + [now.date() - timedelta(days=90)]
            session.add_all(
                Incident(ref=f"T{ref}{t}", unit_id=unit.id if t % 2 else None, account_id=None if t % 2 else account, opened_on=on)
                for t, on in enumerate(opened)
            )
    with database.snapshot() as session:
        result = declining.declining(session, now).value
    assert [(row.ref, row.tickets, row.many, row.units) for row in result.accounts] == [("A3", 5, True, 1), ("A1", 1, False, 1)]
    assert result.tested == 3
    assert result.accounts[1].trend.weeks == pytest.approx(WEEKS["A1"])
    with database.snapshot([account]) as session:
        assert declining.declining(session, now).value == declining.Declining(result.since, 0, [])
