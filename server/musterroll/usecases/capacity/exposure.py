"""Stored sums of exposure: extended day by day, recounted if history may have changed.

Exposure is measured: the seconds units were heard operating, by month, product, age and cover. Days are of UTC.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.capacity import exposure as sums
from musterroll.domain.capacity.exposure import DAY, NEVER, ExposureSums, Stretches
from musterroll.domain.contracts import terms as rules
from musterroll.domain.values.dates import add_months
from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.storage.capacity import exposure as stored_exposure
from musterroll.storage.capacity import facts as stored_facts
from musterroll.storage.contracts.lines_in_force import contract_terms
from musterroll.storage.liveness.states import hearing

_EPOCH = date(1970, 1, 1)


class StretchSums(NamedTuple):
    """Sums of stretches; month n is `months[n]`."""

    months: list[date]
    found: ExposureSums


class MeasuredExposure(NamedTuple):
    parts: list[StretchSums]

    def rows(self) -> Iterator[tuple[date, int, int, int, int]]:
        """Month, product, completed months of age, cover, seconds; the same group may come more than once."""
        for months, columns in self.parts:
            for month, *rest in zip(*(column.tolist() for column in columns), strict=True):
                yield (months[month], *rest)


class Outstanding(NamedTuple):
    """What the stored sums lack: rows to add or, with `anew`, to replace them; until when (ms), and the last change included."""

    anew: bool
    until: int
    change_id: int
    rows: list[tuple[date, int, int, int, int]]


def outstanding(session: Session, now: datetime) -> Outstanding | None:
    """What brings the sums up to the last midnight; None if they are up to date.

    The days since then, or everything if an import, a merge or an undo may have altered history.
    """
    today, changes = to_ms(_start_of_day(now)), stored_exposure.last_change(session)
    until, seen = stored_exposure.counted(session)
    if until is None or seen != changes:
        return everything(session, now)
    return Outstanding(False, today, changes, list(measure(session, until, today, now).rows())) if until < today else None


def everything(session: Session, now: datetime) -> Outstanding:
    """All sums up to the last midnight, recounted."""
    today, since = to_ms(_start_of_day(now)), stored_exposure.first_heard(session)
    rows = list(measure(session, since, today, now).rows()) if since is not None and since < today else []
    return Outstanding(True, today, stored_exposure.last_change(session), rows)


def keep(session: Session, outstanding: Outstanding) -> None:
    """Store what was outstanding."""
    (stored_exposure.replace if outstanding.anew else stored_exposure.add)(session, outstanding.rows)
    stored_exposure.note_counted(session, outstanding.until, outstanding.change_id)


def measure(session: Session, since: int, until: int, now: datetime, seats: str = "unit_reconciliation") -> MeasuredExposure:
    """Exposure from `since` to `until` (ms), straight from history. `seats`: the table with the line of each unit.

    Operation reported after a silence counts when the silence ended, in the months of the operation, even before `since`.
    """
    heard, lines = hearing(session), line_days(session, from_ms(until).date())
    heard_sums = _summed(stored_exposure.stretches(session, since, until, heard, lines, seats), since, until)
    reported = list(stored_exposure.reported(session, since, until, heard, lines, seats))
    first = min((int(batch.since.min()) * 1000 for batch in reported if len(batch.since)), default=since)
    return MeasuredExposure([*heard_sums, *_summed(reported, min(first, since), until)])


def _summed(batches: Iterable[Stretches], since: int, until: int) -> list[StretchSums]:
    months = _months(since, until)
    bounds = [since // 1000, *(_second(month) for month in months[1:]), until // 1000]
    return [StretchSums(months, sums.sums(batch, bounds)) for batch in batches]


def line_days(session: Session, on: date) -> dict[int, tuple[int, int]]:
    """The days each contract line covers by its present term: the first, and the first without (`NEVER` if it auto-renews)."""
    spans = {contract.id: _span(contract_terms(contract), on) for contract in stored_facts.contracts(session)}
    days = {}
    for line in stored_facts.lines(session):
        begins, ends = spans.get(line.contract_id) or (NEVER, NEVER)
        first = max(begins, _day(line.starts_on) if line.starts_on else 0)
        days[line.id] = (first, min(ends, _day(line.ends_on)) if line.ends_on and ends < NEVER else ends)
    return days


def _span(contract: rules.ContractTerms, on: date) -> tuple[int, int] | None:
    term = rules.term_on(contract, on)
    if term is None:
        return None
    ends = rules.renewal(contract, term)
    last = NEVER if ends.renews or term.ends_on is None else _day(term.ends_on)
    return _day(contract.span.starts_on), last


def _months(since: int, until: int) -> list[date]:
    first, last = from_ms(since).date().replace(day=1), from_ms(until - 1).date()
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return [add_months(first, number) for number in range(count)]


def _start_of_day(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(UTC).date(), time(), UTC)


def _day(day: date) -> int:
    return (day - _EPOCH).days


def _second(day: date) -> int:
    return _day(day) * DAY
