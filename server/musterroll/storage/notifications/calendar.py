"""The days on which something ends, as they were last worked out."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from musterroll.domain.notifications.calendar import EndDate, EndKind
from musterroll.domain.values.money import Money
from musterroll.storage.engine import bulk
from musterroll.storage.tables.accounts import Account, Site
from musterroll.storage.tables.notifications import CalendarEntry

_COLUMNS = ("uid", "on", "account_id", "site_id", "ref", "how", "units", "worth", "currency")
_MOST = 1000  # days of warranty of places; beyond that a day is told for all places together


def replace(session: Session, rows: Sequence[tuple[Any, ...]]) -> None:
    """Put these days (values of all columns of the table, in order) in the place of all that are kept."""
    session.execute(delete(CalendarEntry))
    bulk.insert(session, CalendarEntry, _COLUMNS, rows)


def days(session: Session, since: date, limit: int) -> list[EndDate]:
    """The days from one on, the first `limit` of them, as far as the session sees."""
    e = CalendarEntry
    ahead = (col(e.on) >= since, col(e.how) == EndKind.WARRANTY.value)
    together = session.execute(select(func.count()).select_from(select(col(e.uid)).where(*ahead).limit(_MOST + 1).subquery())).scalar() or 0
    query = (
        select(e, func.coalesce(col(Account.name), ""), func.coalesce(col(Site.name), ""))
        .outerjoin(Account, col(Account.id) == col(e.account_id))
        .outerjoin(Site, col(Site.id) == col(e.site_id))
        .where(col(e.on) >= since)
        .order_by(col(e.on), col(e.uid))
        .limit(limit)
    )
    if together <= _MOST:
        return [_day(*row) for row in session.execute(query)]
    found = [_day(*row) for row in session.execute(query.where(col(e.how) != EndKind.WARRANTY.value))]
    sums = select(col(e.on), func.sum(col(e.units))).where(*ahead).group_by(col(e.on)).order_by(col(e.on)).limit(limit)
    found += [EndDate(f"warranty-{on}", EndKind.WARRANTY, on, units=int(units)) for on, units in session.execute(sums)]
    return sorted(found, key=lambda day: (day.on, day.uid))[:limit]


def _day(row: CalendarEntry, account: str, site: str) -> EndDate:
    worth = None if row.worth is None else Money(row.worth, row.currency)
    return EndDate(row.uid, EndKind(row.how), row.on, row.ref, account, site, row.units, worth)
