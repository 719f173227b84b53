"""Reading the lifetime counters of all units, some at a time, and keeping their use per day."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlmodel import Session

from musterroll.domain.usage import days as rules
from musterroll.domain.usage.days import Change, CounterUse
from musterroll.domain.values.instants import to_ms
from musterroll.storage.operations import checkpoints
from musterroll.storage.usage import of_lines, readings, sums
from musterroll.storage.usage.of_lines import MeteredLine
from musterroll.storage.usage.readings import UnitCounters

_JOB = "usage"  # position: the last unit read; note: the hour
_HOUR = 3_600_000  # ms
_Key = tuple[int, int]  # a unit and a counter


def due(session: Session, now: datetime) -> bool:
    """Whether there are units whose counters were not read in this hour yet. Only reads."""
    return checkpoints.mark(session, _JOB).note != f"{to_ms(now) // _HOUR} done"


def measure(session: Session, now: datetime, limit: int) -> int:
    """Read the counters of the next units, once an hour, or as often as the whole fleet takes. Returns how many units were read."""
    if not due(session, now):
        return 0
    mark = checkpoints.mark(session, _JOB)
    hour = str(to_ms(now) // _HOUR)
    under_way = mark.position > 0 and not mark.note.endswith(" done")
    units = readings.next_units(session, mark.position if under_way else 0, limit)
    read(session, units, now)
    if len(units) == limit:
        checkpoints.put(session, _JOB, units[-1].unit_id, to_ms(now), hour)
    else:
        sums.fold_months(session, now.date())
        checkpoints.put(session, _JOB, 0, to_ms(now), f"{hour} done")
    return len(units)


def read(session: Session, units: list[UnitCounters], now: datetime) -> None:
    """Take the counters of these units as they are now."""
    ids = readings.counter_ids(session, {name for unit in units for name in unit.counters})
    known = readings.known(session, [unit.unit_id for unit in units])
    uses, changed, changes = dict(known), set[int](), dict[tuple[int, int, int, int], Change]()
    for unit in units:
        counters = {ids[name]: reading for name, reading in unit.counters.items()}
        gone = [key for key in ids.values() if (unit.unit_id, key) in known and key not in counters]
        for counter_id in gone:  # the only list that told of it was undone
            _add(changes, unit, counter_id, _undone(uses.pop((unit.unit_id, counter_id))))
        for counter_id, reading in counters.items():
            before = known.get((unit.unit_id, counter_id))
            after, days = rules.read(before, reading, to_ms(now))
            if after != before:
                uses[unit.unit_id, counter_id] = after
                changed.add(unit.unit_id)
                _add(changes, unit, counter_id, days.items())
        changed.update([unit.unit_id] * bool(gone))
    _keep_older(session, known, {key: uses[key] for key in known if key in uses and key[0] in changed})
    readings.store(session, {key: use for key, use in uses.items() if key[0] in changed}, changed)
    readings.add_to_sums(session, changes.items())


def _keep_older(session: Session, known: Mapping[_Key, CounterUse], uses: Mapping[_Key, CounterUse]) -> None:
    """Keep the days that units on a line with a limit of the counter no longer have room for."""
    lines = {(of.line_id, of.counter_id): of for of in of_lines.metered(session)} if uses else {}
    on = of_lines.lines_of(session, {unit for unit, _ in uses}, {line for line, _ in lines}) if lines else {}
    older: dict[tuple[MeteredLine, int], Change] = {}
    for (unit, counter), after in uses.items():
        line = lines.get((on.get(unit, 0), counter))
        if line is None:
            continue
        for day, use in rules.dropped(known[unit, counter], after).items():
            before = older.get((line, day), Change(0.0, 0))
            older[line, day] = Change(before.use + use, before.units + 1)
    of_lines.keep(session, older)


def _undone(use: CounterUse) -> list[tuple[int, Change]]:
    return [(day, Change(-abs(amount), -1)) for day, amount in rules.by_day(use).items()]


def _add(changes: dict[tuple[int, int, int, int], Change], unit: UnitCounters, counter_id: int, days: Iterable[tuple[int, Change]]) -> None:
    for day, change in days:
        key = (unit.account_id, unit.product_id, counter_id, day)
        before = changes.get(key, Change(0.0, 0))
        changes[key] = Change(before.use + change.use, before.units + change.units)
