"""Alarms of the rules over simulated units: false ones, and how long real deaths take to be seen."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from musterroll.domain.liveness import ListeningWindow, windows
from musterroll.domain.liveness.outages import RECENT, REMEMBERED, Group, GroupKind, Tally, outage
from musterroll.domain.liveness.rhythm import DAYS, SHORT, HeardDay, Rhythm, extended_window, learn, unusual_at

from tests.silence.fleets import DAY, END, LEARNED, Unit

ALWAYS = ListeningWindow(0, int(2 * END * 1000) + 4 * 86_400_000)
MONDAY = 4 * 86_400  # seconds since 1970: simulated time begins there


class Outcome(NamedTuple):
    """Of one unit: when it was called silent though it was not dead, and the seconds until its death was seen."""

    unit: Unit
    alarms: list[float]
    detection: float | None
    days: float  # alive while judged


def fixed(unit: Unit, timeout: float) -> Outcome:
    """One timeout, whatever the unit usually does."""
    return _outcome(unit, [timeout] * len(_silences(unit)))


def by_class(unit: Unit) -> Outcome:
    """The window of its reporting class."""
    return fixed(unit, windows(unit.reporting, unit.interval).stale)


def by_rhythm(unit: Unit) -> Outcome:
    """Quiet or stale, whichever comes first, with a rhythm that is learned anew every day."""
    window = windows(unit.reporting, unit.interval).stale
    days, rhythms = heard_days(unit), dict[int, Rhythm]()
    alarms = []
    for since, until in _silences(unit):
        day = int(since // DAY)
        if day not in rhythms:
            rhythms[day] = learn(days[max(0, day - DAYS) : day], MONDAY // 86_400 + day - 1)
        alarms.append(silence_allowed(rhythms[day], window, since, until - since))
    return _outcome(unit, alarms)


def silence_allowed(rhythm: Rhythm, window: int, heard: float, silence: float) -> float:
    """Seconds of silence after a report until the unit is quiet or stale; infinite where that is after `silence`."""
    stale = float(extended_window(rhythm, window) or window)
    if rhythm.least is None or min(silence, stale) <= rhythm.least:
        return stale if silence > stale else np.inf
    at = start = int((MONDAY + heard) * 1000)
    while at < start + min(silence, stale) * 1000:
        due = unusual_at(rhythm, start, ALWAYS, at)
        if due <= at:
            return (at - start) / 1000
        at = due
    return stale if silence > stale else np.inf


def heard_days(unit: Unit) -> list[HeardDay]:
    """What the registry keeps of the days of a unit, as ingest and the daily job do."""
    hours = np.unique((unit.heard // 3600).astype(int))
    gaps, ends = np.diff(unit.heard), (unit.heard[1:] // DAY).astype(int)
    longest = np.zeros(int(END // DAY))
    short = gaps <= SHORT
    np.maximum.at(longest, ends[short], gaps[short])
    masks = [0] * len(longest)
    for hour in hours:
        masks[hour // 24] |= 1 << int(hour % 24)
    return [HeardDay(mask, int(length)) for mask, length in zip(masks, longest, strict=True)]


def _silences(unit: Unit) -> list[tuple[float, float]]:
    """The silences that are judged, longer than a heartbeat or so; the last one ends only with the simulation."""
    until = np.append(unit.heard[1:], END + (0 if unit.died is None else 30 * DAY))
    judged = (unit.heard >= LEARNED * DAY) & (until - unit.heard > 1.2 * min(unit.interval, 3600))
    judged[-1] = True
    return list(zip(unit.heard[judged].tolist(), until[judged].tolist(), strict=True))


def _outcome(unit: Unit, allowed: Sequence[float]) -> Outcome:
    silences = list(zip(_silences(unit), allowed, strict=True))
    last = silences.pop() if unit.died is not None else None
    alarms = [since + length for (since, until), length in silences if until - since > length]
    detection = None
    if last is not None and unit.died is not None:
        detection = max(0.0, last[0][0] + last[1] - unit.died)
        if last[0][0] + last[1] < unit.died:  # called silent while it lived, though it would have been heard of later
            alarms.append(last[0][0] + last[1])
    return Outcome(unit, alarms, detection, ((unit.died or END) - LEARNED * DAY) / DAY)


class Figures(NamedTuple):
    """False alarms per 1,000 unit-days, and minutes until a death is seen."""

    false_alarms: float
    median: float
    p90: float
    deaths: int


def figures(outcomes: Sequence[Outcome], gathered: bool = False) -> Figures:
    """Of these units together. `gathered`: alarms of units of one site at the same time are one outage."""
    alarms = sum(len(outcome.alarms) for outcome in outcomes) - (_gathered(outcomes) if gathered else 0)
    delays = [outcome.detection / 60 for outcome in outcomes if outcome.detection is not None]
    median, p90 = np.percentile(delays, [50, 90]) if delays else (np.nan, np.nan)
    return Figures(1000 * alarms / sum(outcome.days for outcome in outcomes), float(median), float(p90), len(delays))


def _gathered(outcomes: Sequence[Outcome]) -> int:
    """Alarms that an outage spares: all but one of those of a site within minutes, where the rule calls them an outage."""
    spared = 0
    for site in {outcome.unit.site for outcome in outcomes} - {None}:
        units = [outcome for outcome in outcomes if outcome.unit.site == site]
        times, alone = sorted(at for outcome in units for at in outcome.alarms), list[float]()
        while times:
            together = [at for at in times if at - times[0] < RECENT]
            earlier = sum(at > times[0] - REMEMBERED for at in alone)
            tally = Tally(Group(GroupKind.SITE, str(site)), len(together), max(0, len(units) - len(together)), earlier)
            if outage([tally], RECENT):
                spared += len(together) - 1
            else:
                alone += together
            times = times[len(together) :]
    return spared


def timeout_with(units: Sequence[Unit], better: Callable[[Figures], bool]) -> float:
    """The shortest timeout (seconds) of a hundred whose figures satisfy a condition that longer ones satisfy too."""
    timeouts = np.geomspace(60, 14 * DAY, 100)
    low, high = 0, len(timeouts) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if better(figures([fixed(unit, timeouts[middle]) for unit in units])) else (middle + 1, high)
    return float(timeouts[low])
