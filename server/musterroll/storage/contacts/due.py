"""What customers may be reminded of: warranties that end, by account, site and month."""

from datetime import date
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.values.dates import last_day
from musterroll.storage.notifications import endings


class WarrantyMonth(NamedTuple):
    """Units of an account at a site whose last day of warranty is in a month; `first` is the first of these days."""

    account_id: int
    site_id: int | None
    month: date  # its first day
    first: date
    units: int
    site: str


def warranty_months(session: Session, first: date, until: date) -> list[WarrantyMonth]:
    """Of the last days of warranty from one day until before another."""
    months: dict[tuple[int, int | None, date], WarrantyMonth] = {}
    for end in endings.warranties(session, (date.fromordinal(first.toordinal() + 1), until)):
        if end.account_id is None:
            continue
        day = last_day(end.ends_on)
        key = (end.account_id, end.site_id, day.replace(day=1))
        known = months.get(key, WarrantyMonth(*key, day, 0, end.site))
        months[key] = known._replace(first=min(known.first, day), units=known.units + end.units)
    return list(months.values())
