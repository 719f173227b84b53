"""The dates of the calendar, as last computed."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from musterroll.domain.notifications.calendar import EndDate, EndKind
from musterroll.domain.values.money import Money, amounts_of
from musterroll.storage.engine import bulk
from musterroll.storage.tables.accounts import Account, Site
from musterroll.storage.tables.notifications import CalendarEntry

_COLUMNS = ("uid", "on", "account_id", "site_id", "ref", "how", "units", "worth", "currency", "further")
_MOST = 1000  # warranty dates by site; beyond that, one date for all sites


def replace(session: Session, rows: Sequence[tuple[Any, ...]]) -> None:
    """Replace all stored dates by these rows (values of all columns of the table, in order)."""
    session.execute(delete(CalendarEntry))
    bulk.insert(session, CalendarEntry, _COLUMNS, rows)


def end_dates(session: Session, since: date, limit: int) -> list[EndDate]:
    """The first `limit` dates from a day on, as far as the session may see."""
    e = CalendarEntry
    ahead = (col(e.on) >= since, col(e.how) == EndKind.WARRANTY.value)
    warranty_rows = (
        session.execute(select(func.count()).select_from(select(col(e.uid)).where(*ahead).limit(_MOST + 1).subquery())).scalar() or 0
    )
    query = (
        select(e, func.coalesce(col(Account.name), ""), func.coalesce(col(Site.name), ""))
        .outerjoin(Account, col(Account.id) == col(e.account_id))
        .outerjoin(Site, col(Site.id) == col(e.site_id))
        .where(col(e.on) >= since)
        .order_by(col(e.on), col(e.uid))
        .limit(limit)
    )
    if warranty_rows <= _MOST:
        return [_end_date(*row) for row in session.execute(query)]
    dates = [_end_date(*row) for row in session.execute(query.where(col(e.how) != EndKind.WARRANTY.value))]
    sums = select(col(e.on), func.sum(col(e.units))).where(*ahead).group_by(col(e.on)).order_by(col(e.on)).limit(limit)
    dates += [EndDate(f"warranty-{on}", EndKind.WARRANTY, on, units=int(units)) for on, units in session.execute(sums)]
    return sorted(dates, key=lambda day: (day.on, day.uid))[:limit]


def _end_date(row: CalendarEntry, account: str, site: str) -> EndDate:
    worth = () if row.worth is None else (Money(row.worth, row.currency), *amounts_of(row.further))
    return EndDate(row.uid, EndKind(row.how), row.on, row.ref, account, site, row.units, worth)
