"""From lifetime counters to use per day (UTC).

- The use between two readings is the growth of the counter, shared out over the time between them. Totals are exact whatever is missing.
- A counter that falls was reset: it has counted from zero since.
- The use of a longer gap is shared out evenly as well and marked as averaged: its days are not known one by one, its total is.
- A reading older than the last one is an import that was undone: what it had added is taken away.
"""

from collections.abc import Mapping
from typing import NamedTuple

DAY = 86_400_000  # ms
DAYS = 105  # days kept for each unit: 15 weeks
GAP = 36 * 3_600_000  # ms between two readings from which on days are averaged
LONGEST = 400 * DAY  # ms; of a longer gap nothing is shared out
OPERATING = "operating"  # the counter of operating seconds, which every agent has


class Reading(NamedTuple):
    """The value of a lifetime counter at an instant (ms)."""

    at: int
    value: float


class CounterUse(NamedTuple):
    """What is known of one counter of one unit.

    `use` is by day up to `day`, oldest first. A number below zero is averaged over a gap: its use is the number without the sign.
    """

    last: Reading
    first_day: int | None = None  # the first day with use, or of the first reading if it was used before; days since 1970
    last_day: int | None = None
    day: int = 0  # the day of the last item of `use`
    use: tuple[float, ...] = ()


class Change(NamedTuple):
    """What a reading changes on a day: use, and 1 or -1 where the unit now counts as used, or no longer."""

    use: float
    units: int


def read(known: CounterUse | None, reading: Reading, now: int) -> tuple[CounterUse, dict[int, Change]]:
    """The counter after a reading at or before `now` (ms), and what changes by day."""
    if known is None or known.last.at > now or abs(reading.at - known.last.at) > LONGEST:
        return _anew(known, reading)
    if reading.at == known.last.at and reading.value == known.last.value:
        return known, {}
    if reading.at >= known.last.at:
        return _with(known, reading, shared_out(known.last, reading), averaged=reading.at - known.last.at > GAP)
    taken = {day: -use for day, use in shared_out(reading, known.last).items()}
    return _with(known, reading, taken, averaged=False)


def shared_out(before: Reading, after: Reading) -> dict[int, float]:
    """The use between two readings by day, in proportion to the time.

    >>> shared_out(Reading(DAY // 2, 10), Reading(2 * DAY, 40))
    {0: 10.0, 1: 20.0}
    >>> shared_out(Reading(0, 40), Reading(3600, 4))
    {0: 4}
    """
    grown = max(after.value, 0) if after.value < before.value else after.value - before.value
    if grown == 0:
        return {}
    first, last = before.at // DAY, max(before.at, after.at - 1) // DAY
    if first == last:
        return {first: grown}
    rate = grown / (after.at - before.at)
    use = {day: rate * (min(after.at, (day + 1) * DAY) - max(before.at, day * DAY)) for day in range(first, last)}
    return {**use, last: grown - sum(use.values())}


def by_day(known: CounterUse) -> Mapping[int, float]:
    """The days that have use; below zero as in `CounterUse`."""
    start = known.day - len(known.use) + 1
    return {start + n: use for n, use in enumerate(known.use) if use}


def dropped(before: CounterUse, after: CounterUse) -> Mapping[int, float]:
    """The use of days that were known before and are too old now.

    >>> dropped(CounterUse(Reading(0, 0), day=3, use=(1, 2, -3)), CounterUse(Reading(0, 0), day=3, use=(3,)))
    {1: 1, 2: 2}
    """
    start = after.day - len(after.use) + 1
    return {day: abs(use) for day, use in by_day(before).items() if day < start}


def _anew(known: CounterUse | None, reading: Reading) -> tuple[CounterUse, dict[int, Change]]:
    """Begin at a reading: nothing is known of the time before. Days after it, from a clock that was ahead, are forgotten."""
    today = reading.at // DAY
    if known is None:
        return CounterUse(reading, first_day=today if reading.value > 0 else None), {}
    days = by_day(known)
    ahead = {day: Change(-abs(use), -1) for day, use in days.items() if day > today}
    left = {day: use for day, use in days.items() if day <= today}
    first = known.first_day if known.first_day is not None and known.first_day <= today else None
    return _packed(reading, left, first), ahead


def _with(known: CounterUse, reading: Reading, added: Mapping[int, float], *, averaged: bool) -> tuple[CounterUse, dict[int, Change]]:
    if not added:
        return known._replace(last=reading), {}
    days, changes = dict(by_day(known)), dict[int, Change]()
    for day, use in added.items():
        was = days.get(day, 0.0)
        total = _without_dust(abs(was) + use, use)
        changes[day] = Change(total - abs(was), (total > 0) - (was != 0))
        days[day] = -total if averaged or was < 0 else total
    return _packed(reading, {day: use for day, use in days.items() if use}, known.first_day), changes


def _without_dust(total: float, added: float) -> float:
    """What is left after taking away: nothing, where only rounding is."""
    return 0.0 if added < 0 and total < 1e-9 * -added else max(total, 0.0)


def _packed(reading: Reading, days: Mapping[int, float], first_day: int | None) -> CounterUse:
    if not days:
        return CounterUse(reading, first_day)
    last = max(days)
    start = max(min(days), last - DAYS + 1)
    use = tuple(days.get(day, 0.0) for day in range(start, last + 1))
    return CounterUse(reading, min(days) if first_day is None else first_day, last, last, use)
