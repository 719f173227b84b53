"""The rhythm of one unit: when it usually reports, learned from the hours and silences of four weeks; and when a silence is unusual.

Two lengths are learned. In its usual hours (hours of the week, UTC, in which it was heard week after week) a unit may be silent for little
more than it usually is between two reports; nights and weekends without reports are no usual hours, and their silence does not count.
At any time it may be silent for little more than the longest silence that recurs: the weekend of an office, the day of a sleeper.
Both are high order statistics, not the maximum: one outage in four weeks teaches nothing. Silence counts only while the registry
listened.
Instants are integer milliseconds since 1970 by the registry's clock; lengths are integer seconds.
"""

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import pairwise
from operator import and_
from typing import NamedTuple

from musterroll.domain.liveness import ListeningWindow
from musterroll.domain.values.durations import rounded

HOUR, DAY = 3_600_000, 86_400_000  # ms
DAYS = 28  # that are remembered
SHORT = 7_200  # seconds: longer silences show as hours without a report
LOOK_AHEAD = DAY  # ms after which a silence is looked at again at the latest
_LEAST_DAYS = 7  # of history before anything is unusual
_LEAST_WEEKS = 3  # before the longest silence is known: weekends recur
_AROUND = 2  # hours on either side of a usual hour that must be usual too: sunsets move, and people leave early
_WEEK = 168
ALL_HOURS = (1 << _WEEK) - 1
_MONDAY = 4  # days from 1 January 1970, a Thursday, to the first Monday


class HeardDay(NamedTuple):
    """One day (UTC) of a unit: the hours in which it was heard (bit 0: midnight), and the longest silence shorter than `SHORT`."""

    hours: int
    longest: int  # seconds; 0: none was measured


class Usual(NamedTuple):
    """Seconds of silence: one as long recurs every week, and the longest that is usual."""

    recurring: int
    longest: int


class Rhythm(NamedTuple):
    """What is usual for a unit. None: nothing is known to be unusual."""

    within: int | None  # seconds of silence in usual hours from which on it is unusual
    hours: int  # usual hours of the week, bit 0: Monday 00:00
    at_all: int | None  # seconds of silence at any time
    between: Usual  # two reports in usual hours
    longer: Usual  # silences of hours: nights, weekends
    days: int  # of history

    @property
    def least(self) -> int | None:
        """Seconds of silence below which nothing is unusual."""
        return min((length for length in (self.within if self.hours else None, self.at_all) if length is not None), default=None)

    def usual_hours(self) -> list[str]:
        """The usual hours of each day of the week, Monday first, as a line of 24 signs."""
        return ["".join("x" if self.hours >> 24 * day + hour & 1 else "-" for hour in range(24)) for day in range(7)]


_NONE = Usual(0, 0)
NO_RHYTHM = Rhythm(None, 0, None, _NONE, _NONE, 0)


def learn(days: Sequence[HeardDay], last_day: int) -> Rhythm:
    """The rhythm of a unit by its latest days, oldest first; `last_day`: days since 1970."""
    if len(days) < _LEAST_DAYS:
        return NO_RHYTHM._replace(days=len(days))
    hours = _interior(_usual_hours(days, last_day))
    lengths, weeks = [day.longest for day in days if day.longest], len(days) // 7
    short = _usual(lengths, max(2, weeks)) if len(lengths) >= _LEAST_DAYS else None
    long = _usual(_long_silences(days), weeks - 1) if weeks >= _LEAST_WEEKS else None  # a silence at either end is not whole
    within = None if short is None or not hours else max(short.longest + short.longest // 2, 2 * min(lengths)) + 10
    return Rhythm(within, hours, long and long.longest + long.longest // 5, short or _NONE, long or _NONE, len(days))


def _usual(silences: Sequence[int], weekly: int) -> Usual | None:
    """What recurs every week, and the longest: longer ones than twice what recurs are outliers."""
    ordered = sorted(silences, reverse=True)
    if len(ordered) < weekly:
        return None
    recurring = ordered[weekly - 1]
    return Usual(recurring, next(length for length in ordered if length <= 2 * recurring + 10))


def _usual_hours(days: Sequence[HeardDay], last_day: int) -> int:
    """Hours of the week in which it was heard in all weeks, but one of four; in the first weeks, on all days but one too."""
    usual, first = 0, last_day - len(days) + 1 - _MONDAY
    daily = _nearly_always([day.hours for day in days])
    for weekday in range(7):
        same = [day.hours for number, day in enumerate(days) if (first + number) % 7 == weekday]
        always = _nearly_always(same) if len(same) > 3 else reduce(and_, same) & (daily if len(same) == 1 else -1)
        usual |= always << 24 * weekday
    return usual


def _nearly_always(days: Sequence[int]) -> int:
    """Hours that are in all of these days, or in all but one."""
    every, but_one = -1, -1
    for hours in days:
        every, but_one = every & hours, but_one & hours | every
    return but_one


def _interior(hours: int) -> int:
    """Those hours of the week whose hours around are usual as well."""
    for _ in range(_AROUND):
        hours &= _turned(hours, 1) & _turned(hours, _WEEK - 1)
    return hours


def _turned(hours: int, by: int) -> int:
    return (hours << by | hours >> (_WEEK - by)) & ALL_HOURS


def _long_silences(days: Sequence[HeardDay]) -> list[int]:
    """Seconds of silences with at least one whole hour without a report, at most: the hours of reports are known, not their minutes."""
    heard = [24 * number + hour for number, day in enumerate(days) for hour in range(24) if day.hours >> hour & 1]
    return [(after - before + 1) * 3600 for before, after in pairwise(heard) if after - before > 1]


def extended_window(rhythm: Rhythm, window: int) -> int:
    """Seconds of silence until stale for a unit that is regularly silent for longer than the window of its class; 0: that window stands."""
    if rhythm.at_all is not None and rhythm.longer.recurring > window:
        return rhythm.at_all + window
    return rhythm.within + window if rhythm.within is not None and rhythm.between.recurring > window else 0


def unusual_at(rhythm: Rhythm, heard_at: int, hearing: ListeningWindow, now: int) -> int:
    """From when on the silence since a last word is unusual, if the registry listens from now on; at most `LOOK_AHEAD` from now.

    Not later than `now`: it is unusual already.
    """
    due = [now + LOOK_AHEAD]
    if rhythm.at_all is not None:
        due.append(now + rhythm.at_all * 1000 - _listened(hearing, heard_at, now))
    if rhythm.within is not None:
        due.append(spent_at(rhythm.hours, rhythm.within, heard_at, hearing, now))
    return min(due)


def spent_at(hours: int, length: int, heard_at: int, hearing: ListeningWindow, now: int) -> int:
    """When `length` seconds of silence in these hours of the week have passed since a last word; at most `LOOK_AHEAD` from now."""
    left = length * 1000 - sum(_listened(hearing, since, until) for since, until in _stretches(hours, heard_at, now))
    if left <= 0:
        return now
    for since, until in _stretches(hours, now, now + LOOK_AHEAD):
        if until - since >= left:
            return since + left
        left -= until - since
    return now + LOOK_AHEAD


def _stretches(hours: int, since: int, until: int) -> Iterator[tuple[int, int]]:
    """The parts of a span that lie in these hours of the week, joined where they touch. No more than the last eight days are looked at."""
    since = max(since, until - 8 * DAY)
    if hours == ALL_HOURS:
        yield since, until
        return
    start = None
    for hour in range(since // HOUR, -(-until // HOUR)):
        if hours >> (hour - 24 * _MONDAY) % _WEEK & 1:
            start = max(since, hour * HOUR) if start is None else start
        elif start is not None:
            yield start, hour * HOUR
            start = None
    if start is not None and start < until:
        yield start, until


def _listened(hearing: ListeningWindow, since: int, until: int) -> int:
    return max(0, hearing.listened_until(until) - hearing.listened_before(since))


def heard_hours(ring: int, hour: int, day: int) -> int:
    """The hours of a day (days since 1970) in which a unit was heard. Bit 0 of the ring is the hour `hour` since 1970."""
    bits = 0
    for number in range(24):
        back = hour - (24 * day + number)
        bits |= (ring >> back & 1) << number if back >= 0 else 0
    return bits


def evidence(rhythm: Rhythm, pace: int, silence: int) -> str:
    """Why a silence of so many seconds is unusual for a unit that usually reports every `pace` seconds.

    >>> evidence(NO_RHYTHM._replace(within=370, between=Usual(61, 240), days=28), 61, 420)
    'usually reports every 61 s, at most 4 min apart in the last 28 days; silent for 7 min'
    """
    usual = [f"usually reports every {rounded(pace)}"] if 0 < pace < SHORT else []
    if rhythm.within is not None:
        always = "" if rhythm.hours in (0, ALL_HOURS) else " in its usual hours"
        usual.append(f"at most {rounded(rhythm.between.longest)} apart{always}")
    if rhythm.longer.longest:
        usual.append(f"never silent for more than {rounded(rhythm.longer.longest)}")
    return f"{', '.join(usual)} in the last {rhythm.days} days; silent for {rounded(silence)}"
