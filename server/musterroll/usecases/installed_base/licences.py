"""Active licences: seats of lines in force used by operating units, and seats sold, now and over time."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.installed_base import licences as rules
from musterroll.domain.installed_base.licences import LicenceCount, LineSeats
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.account_scope import limited
from musterroll.storage.engine.columns import Columns
from musterroll.storage.installed_base import licences as seats_in_use
from musterroll.storage.reconciliation import run as run_statements
from musterroll.usecases.reconciliation.run import run_at


class LicenceBreakdown(StrEnum):
    SEGMENT = "segment"
    PRODUCT = "product"
    ACCOUNT = "account"


class Licences(NamedTuple):
    """Licences on a day: in total and by a property of the lines."""

    on: date
    total: LicenceCount
    counts: dict[str, LicenceCount]


def licences(session: Session, on: date | datetime, by: LicenceBreakdown, now: datetime) -> Licences:
    """Active and gross licences on a day or at an instant, by segment, product or account."""
    seats = _seats(session, on, now)
    return Licences(run_at(on, now).on, rules.total(seats), _by(seats, by))


def total(session: Session, on: date | datetime, now: datetime) -> LicenceCount:
    return rules.total(_seats(session, on, now))


def totals(session: Session, days: Sequence[date], now: datetime) -> dict[date, LicenceCount]:
    """The licences on past days, all counted from one reading of the history."""
    counts: dict[date, LicenceCount] = {}
    runs = run_statements.of_past(session, [run_at(day, now) for day in days], to_ms(now)) if days else ()
    for day, columns in zip(days, runs, strict=True):
        if not counts:
            seats_in_use.read(columns, whole=True)
        counts[day] = rules.total(_of_run(session, columns))
    return counts


def _seats(session: Session, on: date | datetime, now: datetime) -> list[LineSeats]:
    columns = run_statements.of_seen(session, run_at(on, now), to_ms(now))
    seats_in_use.read(columns, whole=not limited(session))
    return _of_run(session, columns)


def _of_run(session: Session, columns: Columns) -> list[LineSeats]:
    run_statements.keep_in_reach(session, columns, "run_line")
    return seats_in_use.seats(columns)


def _by(seats: list[LineSeats], by: LicenceBreakdown) -> dict[str, LicenceCount]:
    return rules.count_licences(seats, lambda line: str(getattr(line, by.value)))
