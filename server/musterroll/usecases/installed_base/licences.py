"""Active licences: seats of lines in force used by operating units, and seats sold, now and over time."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.installed_base import licences as rules
from musterroll.domain.installed_base.licences import LicenceCount, LicenceTarget, LineSeats, TargetLevel
from musterroll.domain.values.dates import add_months, last_day
from musterroll.domain.values.instants import to_ms
from musterroll.storage.installed_base import licences as seats_in_use
from musterroll.storage.reconciliation import run as run_statements
from musterroll.storage.reconciliation import unit_states
from musterroll.usecases.reconciliation.run import day_and_instant


class LicenceBreakdown(StrEnum):
    SEGMENT = "segment"
    PRODUCT = "product"
    ACCOUNT = "account"


class Licences(NamedTuple):
    """Licences on a day: in total and by a property of the lines; `level` with a target."""

    on: date
    total: LicenceCount
    counts: dict[str, LicenceCount]
    level: TargetLevel | None


class TrendPoint(NamedTuple):
    """A point of a trend: the last day of a month or quarter, or today."""

    on: date
    total: LicenceCount
    level: TargetLevel | None = None  # with a target


def licences(session: Session, on: date | datetime, by: LicenceBreakdown, now: datetime, target: LicenceTarget | None = None) -> Licences:
    """Active and gross licences on a day or at an instant, by segment, product or account."""
    seats = _seats(session, on, now)
    total = rules.total(seats)
    level = rules.level(total.active, target) if target else None
    return Licences(day_and_instant(on, now)[0], total, _by(seats, by), level)


def by_each(session: Session, on: date | datetime, now: datetime) -> tuple[LicenceCount, dict[LicenceBreakdown, dict[str, LicenceCount]]]:
    """The total and the counts by every property, from one run."""
    seats = _seats(session, on, now)
    return rules.total(seats), {by: _by(seats, by) for by in LicenceBreakdown}


def trend(session: Session, months: int, step: int, now: datetime, target: LicenceTarget | None = None) -> list[TrendPoint]:
    """Licences at the end of each of the last `months`, every `step` of them (1: months, 3: quarters), and today; oldest first."""
    totals = [(day, rules.total(_seats(session, now if day == _today(now) else day, now))) for day in _ends(_today(now), months, step)]
    return [TrendPoint(day, total, rules.level(total.active, target) if target else None) for day, total in totals]


def _seats(session: Session, on: date | datetime, now: datetime) -> list[LineSeats]:
    day, instant = day_and_instant(on, now)
    columns = run_statements.of_all(session, day, unit_states.judged(session, to_ms(instant), to_ms(now)))
    run_statements.keep_in_reach(session, columns, "run_line")
    return seats_in_use.seats(columns)


def _by(seats: list[LineSeats], by: LicenceBreakdown) -> dict[str, LicenceCount]:
    return rules.count_licences(seats, lambda line: str(getattr(line, by.value)))


def _ends(today: date, months: int, step: int) -> Iterator[date]:
    first = today.replace(day=1)
    for back in range(months, -1, -1):
        start = add_months(first, -back)
        if (start.month - 1) % step == 0:
            yield last_day(start)
    yield today


def _today(now: datetime) -> date:
    return now.astimezone(UTC).date()
