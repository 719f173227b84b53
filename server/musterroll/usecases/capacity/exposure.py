"""Stored sums of exposure: extended day by day, recounted if history may have changed.

Exposure is measured: the seconds units were heard operating, by month, product, age and cover. Days are of UTC.
"""

from datetime import UTC, date, datetime, time
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.capacity.exposure import NEVER
from musterroll.domain.contracts import terms as rules
from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.storage.capacity import exposure as stored_exposure
from musterroll.storage.capacity import units as plan_units
from musterroll.storage.contracts import retention as stored_retention
from musterroll.storage.engine.columns import Columns
from musterroll.storage.liveness.states import hearing

_EPOCH = date(1970, 1, 1)


class Outstanding(NamedTuple):
    """What the stored sums lack, in `plan_exposure` of the columns: to add or, with `anew`, to replace them; until when (ms), and the
    last change included. Beside it the units as the last run left them."""

    anew: bool
    until: int
    change_id: int
    columns: Columns


def outstanding(session: Session, now: datetime) -> Outstanding | None:
    """What brings the sums up to the last midnight; None if they are up to date.

    The days since then, or everything if an import, a merge or an undo may have altered history.
    """
    today, changes = to_ms(_start_of_day(now)), stored_exposure.last_change(session)
    until, seen = stored_exposure.counted(session)
    if until is None or seen != changes:
        return everything(session, now)
    if until >= today:
        return None
    columns = stored_units(session)
    measure(session, columns, until, today)
    return Outstanding(False, today, changes, columns)


def everything(session: Session, now: datetime) -> Outstanding:
    """All sums up to the last midnight, recounted."""
    today, since = to_ms(_start_of_day(now)), stored_exposure.first_heard(session)
    columns = stored_units(session)
    if since is not None and since < today:
        measure(session, columns, since, today)
    else:
        stored_exposure.make_none(columns)
    return Outstanding(True, today, stored_exposure.last_change(session), columns)


def keep(session: Session, outstanding: Outstanding) -> None:
    """Store what was outstanding."""
    outstanding.columns.attach(session)
    (stored_exposure.replace if outstanding.anew else stored_exposure.add)(outstanding.columns)
    stored_exposure.note_counted(session, outstanding.until, outstanding.change_id)


def stored_units(session: Session) -> Columns:
    """The units as the last run left them."""
    columns = Columns(session)
    plan_units.read_units(session, columns)
    plan_units.read_stored(columns)
    return columns


def measure(session: Session, columns: Columns, since: int, until: int) -> None:
    """Make `plan_exposure` of these units from `since` to `until` (ms), straight from history, with cover by the terms then."""
    make_line_days(session, columns, from_ms(until).date())
    stored_exposure.measure(columns, since, until, hearing(session))


def make_line_days(session: Session, columns: Columns, on: date) -> None:
    """The days each line covers by the present term of its contract; none of contracts that are not in force."""
    contracts = stored_retention.contracts(session)
    spans = ((contract.id, *span) for contract in contracts.values() if (span := _span(contract, on)) is not None)
    stored_exposure.make_line_days(columns, spans)


def _span(contract: rules.ContractTerms, on: date) -> tuple[int, int] | None:
    term = rules.term_on(contract, on)
    if term is None:
        return None
    ends = rules.renewal(contract, term)
    last = NEVER if ends.renews or term.ends_on is None else _day(term.ends_on)
    return _day(contract.span.starts_on), last


def _start_of_day(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(UTC).date(), time(), UTC)


def _day(day: date) -> int:
    return (day - _EPOCH).days
