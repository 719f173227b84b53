"""Daily snapshots: units by account, product and quadrant at the end of each day."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.reconciliation.cells import CELLS
from musterroll.domain.values.errors import DomainError
from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.storage.capacity import exposure as stored_exposure
from musterroll.storage.reconciliation import cell_counters, daily_counts, unit_states
from musterroll.storage.reconciliation import run as run_statements
from musterroll.usecases.accounts.hierarchy import account
from musterroll.usecases.reconciliation.run import day_and_instant

_DAY = timedelta(days=1)
_MOST = 31  # days to catch up after the scheduler was down
_BACK = 91  # days computed from history, where records reach back that far
_LARGE = 20_000  # units; of a larger fleet one such day at a time


class Day(NamedTuple):
    """One day's units by quadrant; all eight are present."""

    on: date
    cells: dict[str, int]


def snapshot(session: Session, on: date, now: datetime) -> int | None:
    """Store the counts of a past day. Returns the units counted, None where that day is stored already.

    Taken just after the day ends; later corrections do not change it. Raises DomainError for a day that is not over.
    """
    if on >= now.date():
        raise DomainError(f"{on} is not over yet; a snapshot is of a whole day", "day_to_come")
    if daily_counts.kept(session, on):
        return None
    day, instant = day_and_instant(on, now)
    staging = run_statements.stage_all(session, day, unit_states.judged(session, to_ms(instant), to_ms(now)))
    return daily_counts.keep(session, staging, on)


def due(session: Session, now: datetime) -> list[date]:
    """The days that are over and have no snapshot yet, since the last one; the first time, yesterday."""
    yesterday = now.date() - _DAY
    newest = daily_counts.last(session) or yesterday - _DAY
    first = max(newest + _DAY, yesterday - (_MOST - 1) * _DAY)
    return [first + number * _DAY for number in range((yesterday - first).days + 1)]


def earlier(session: Session, now: datetime) -> list[date]:
    """Days before the first stored one that can be computed from history, latest first, as many as one job may count.

    They show what is known now of those days.
    """
    oldest, heard = daily_counts.first(session), stored_exposure.first_heard(session)
    if oldest is None or heard is None:
        return []
    reach = max(now.date() - _BACK * _DAY, from_ms(heard).date())
    count = min((oldest - reach).days, 1 if sum(cell_counters.counts(session).values()) > _LARGE else _MOST)
    return [oldest - number * _DAY for number in range(1, count + 1)]


def trend(session: Session, first: date, until: date, of_account: str | None = None) -> list[Day]:
    """The stored days between two (both included), of an account with its subsidiaries or of all. Raises NotFound."""
    root = None if of_account is None else account(session, of_account).id
    days: dict[date, Day] = {}
    for on, cell, units in daily_counts.between(session, first, until, root):
        days.setdefault(on, Day(on, dict.fromkeys(CELLS, 0))).cells[cell] = units
    return list(days.values())
