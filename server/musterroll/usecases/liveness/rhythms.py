"""Learning the rhythm of each unit, once a day, from what its status has gathered."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, partial

from sqlmodel import Session

from musterroll.domain.liveness import ListeningWindow, ReportingClass, WindowRule, expected_interval, windows
from musterroll.domain.liveness.rhythm import DAY, DAYS, HOUR, NO_RHYTHM, HeardDay, Rhythm, extended_window, heard_hours, learn
from musterroll.domain.values.instants import to_ms
from musterroll.storage.liveness import rhythms, states, window_settings
from musterroll.storage.liveness.rhythms import Heard, Learned
from musterroll.storage.operations import checkpoints

_JOB = "rhythm"  # position: the last unit learned; note: the day
_LEAST_LISTENED = HOUR * 5 // 6  # ms of an hour; with less, silence in it says nothing
_LONGEST_BREAK = 7  # days of silence that are kept; a longer one is not part of a rhythm


def due(session: Session, now: datetime) -> bool:
    """Whether there are units whose yesterday was not learned from yet. Only reads."""
    return checkpoints.mark(session, _JOB).note != f"{to_ms(now) // DAY - 1} done"


def learn_rhythms(session: Session, now: datetime, limit: int) -> bool:
    """Learn from yesterday for the next units, each once a day (UTC). Returns whether there were any."""
    if not due(session, now):
        return False
    yesterday, mark = to_ms(now) // DAY - 1, checkpoints.mark(session, _JOB)
    units = rhythms.next_units(session, mark.position if mark.note == str(yesterday) else 0, limit)
    not_listened = cache(partial(_not_listened, states.hearing(session)))
    rules = window_settings.rules(session)
    rhythms.store(session, [row for unit in units if (row := _learned(unit, yesterday, rules, not_listened)) is not None])
    note = str(yesterday) if len(units) == limit else f"{yesterday} done"
    checkpoints.put(session, _JOB, units[-1].unit_id if units else 0, to_ms(now), note)
    return bool(units)


def _learned(unit: Heard, yesterday: int, rules: Mapping[ReportingClass, WindowRule], not_listened: Callable[[int], int]) -> Learned | None:
    """What is to be written down; None where it was not heard since the last day that is kept: its days follow when it returns."""
    if unit.ring_hour // 24 <= (yesterday - 1 if unit.day is None else unit.day) or unit.day == yesterday:
        return None
    if unit.day is None and not heard_hours(unit.ring, unit.ring_hour, yesterday):
        return None
    first = yesterday if unit.day is None else unit.day + 1
    missing = [HeardDay(heard_hours(unit.ring, unit.ring_hour, day) | not_listened(day), 0) for day in range(first, yesterday + 1)]
    missing[-1] = missing[-1]._replace(longest=-(-unit.gap // 1000))
    known = rhythms.unpack(unit.days)
    days = (known + (missing if len(missing) <= _LONGEST_BREAK else missing[-1:]))[-DAYS:]
    rhythm = learn(days, yesterday)
    window = windows(unit.reporting, expected_interval(unit.reporting, unit.interval, unit.interval_set), rules).stale
    extended = extended_window(rhythm, window)
    stale = max(window, extended)
    usual = max(rhythm.between.longest, rhythm.longer.longest)
    quiet = rhythm.least if rhythm.least is not None and rhythm.least < stale else None
    return Learned(unit.unit_id, unit.gap, yesterday, rhythms.pack(days), usual, extended, stale, quiet)


def _not_listened(heard: ListeningWindow, day: int) -> int:
    """The hours of a day of which the registry did not listen to enough: nothing is known of them."""
    starts = [day * DAY + hour * HOUR for hour in range(24)]
    listened = [heard.listened_until(start + HOUR) - heard.listened_before(start) for start in starts]
    return sum(1 << hour for hour, length in enumerate(listened) if length < _LEAST_LISTENED)


def of_unit(session: Session, unit_id: int) -> Rhythm:
    """What is known of the rhythm of a unit."""
    stored = rhythms.of_unit(session, unit_id)
    return NO_RHYTHM if stored is None else learn(rhythms.unpack(stored[1]), stored[0])
