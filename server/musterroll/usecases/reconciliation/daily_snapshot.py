"""Daily snapshots: units by account, product, site, firmware and quadrant at the end of each day."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from sqlmodel import Session

from musterroll.domain.values.errors import DomainError
from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.storage.capacity import exposure as stored_exposure
from musterroll.storage.engine.columns import Columns
from musterroll.storage.imports import runs as import_runs
from musterroll.storage.operations import checkpoints
from musterroll.storage.reconciliation import cell_counters, cell_history
from musterroll.storage.reconciliation import run as run_statements
from musterroll.usecases.reconciliation.run import run_at

_DAY = timedelta(days=1)
_MOST = 31  # days to catch up after the scheduler was down
_BACK = 91  # days computed from history, where records reach back that far
_SETTLED = timedelta(minutes=5)  # without another import
_SHARE = 0.1  # of the fleet: so many new records change what past days were like
_COUNTED = "daily_snapshot"  # position: the last import that the stored days know of
_LARGE = 20_000  # units
_FEW = 7  # such days of a larger fleet at a time


def count(session: Session, days: Sequence[date], now: datetime) -> Iterator[Columns]:
    """The counts of past days, one after the other in the same columns, from one reading of the history.

    Raises DomainError for a day that is not over.
    """
    for on in days:
        if on >= now.date():
            raise DomainError(f"{on} is not over yet; a snapshot is of a whole day", "day_to_come")
    for columns in run_statements.of_past(session, [run_at(on, now) for on in days], to_ms(now)):
        cell_history.make_count(columns)
        yield columns


def keep(session: Session, on: date, counts: Columns) -> int | None:
    """Store the counts of a day. Returns the units counted, None where that day is stored already or lies between stored ones.

    Taken just after the day ends; later corrections do not change it.
    """
    first, last = cell_history.first(session), cell_history.last(session)
    if first is not None and last is not None and first <= on <= last:
        return None
    counts.attach(session)
    cell_history.keep(counts, on, first, last)
    return cell_history.counted(counts)


def due(session: Session, now: datetime) -> list[date]:
    """The days that are over and have no snapshot yet, since the last one; the first time, yesterday.

    None while documents are coming in, as each may report on days before.
    """
    if _importing(session, now):
        return []
    yesterday = now.date() - _DAY
    newest = cell_history.last(session) or yesterday - _DAY
    first = max(newest + _DAY, yesterday - (_MOST - 1) * _DAY)
    return [first + number * _DAY for number in range((yesterday - first).days + 1)]


def recount(session: Session, now: datetime) -> bool:
    """Forget every stored day if documents have brought a good part of the fleet since: the days are counted again from its history.

    Smaller imports leave the days as they were counted: corrections do not change them.
    """
    counted = checkpoints.mark(session, _COUNTED)
    newest, new = import_runs.new_records(session, counted.position, counted.at)
    if (newest == counted.position and not new) or _importing(session, now):
        return False
    checkpoints.put(session, _COUNTED, newest, to_ms(now))
    if new < _SHARE * sum(cell_counters.counts(session).values()) or cell_history.last(session) is None:
        return False
    cell_history.forget(session)
    return True


def _importing(session: Session, now: datetime) -> bool:
    imported_at = import_runs.last_imported_at(session)
    return imported_at is not None and now - _SETTLED < from_ms(imported_at) <= now


def earlier(session: Session, now: datetime) -> list[date]:
    """Days before the first stored one that can be computed from history, latest first, as many as one job may count.

    They show what is known now of those days.
    """
    if _importing(session, now):
        return []
    oldest, heard = cell_history.first(session), stored_exposure.first_heard(session)
    if oldest is None or heard is None:
        return []
    reach = max(now.date() - _BACK * _DAY, from_ms(heard).date())
    count = min((oldest - reach).days, _FEW if sum(cell_counters.counts(session).values()) > _LARGE else _MOST)
    return [oldest - number * _DAY for number in range(1, count + 1)]
