"""Exposure: operating time by month, product, age and cover, summed from stretches of operation.

A stretch is split where its unit gets a month older and where its warranty or contract line starts or ends; then all pieces are summed
by month at once. Instants are seconds since 1970, days are UTC days since then. Whole seconds in, whole seconds out: sums of days add up
to the sum of the month exactly.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DAY = 86_400
MONTH_DAYS = 365.25 / 12
OLDEST = 240  # completed months; older units count as this old
NEVER = 1 << 22  # after any calendar day
WARRANTY, CONTRACT = 1, 2  # bits of a cover
_BIRTHDAYS = np.ceil(np.arange(OLDEST + 1) * MONTH_DAYS).astype(np.int64)  # days until so many completed months

Whole = NDArray[np.int64]


class Stretches(NamedTuple):
    """Columns: of each stretch its product, when it began and ended (seconds), its unit's day of birth, and the days its cover holds
    (first day, first day without; both `NEVER` if there is none)."""

    product: Whole
    since: Whole
    until: Whole
    born: Whole
    warranty_from: Whole
    warranty_to: Whole
    line_from: Whole
    line_to: Whole


class ExposureSums(NamedTuple):
    """Columns of the non-zero sums: number of the month, product, completed months of age, cover, seconds."""

    month: Whole
    product: Whole
    age: Whole
    cover: Whole
    seconds: Whole


def completed_months(born: Whole, day: Whole) -> Whole:
    """Age in completed months on a day; before birth it is 0.

    >>> completed_months(np.array([0, 0, 0, 50]), np.array([0, 30, 31, 0])).tolist()
    [0, 0, 1, 0]
    """
    return np.clip(np.searchsorted(_BIRTHDAYS, day - born, side="right") - 1, 0, OLDEST)


def cover_on(day: Whole, warranty_from: Whole, warranty_to: Whole, line_from: Whole, line_to: Whole) -> Whole:
    """Which cover holds on a day: 0 none, 1 warranty, 2 a contract line, 3 both."""
    warranty, line = (warranty_from <= day) & (day < warranty_to), (line_from <= day) & (day < line_to)
    return np.asarray(WARRANTY * warranty + CONTRACT * line, dtype=np.int64)


def sums(stretches: Stretches, bounds: Sequence[int]) -> ExposureSums:
    """Seconds of operation between the first and the last of `bounds` (seconds, rising; month n lies from bounds[n] to bounds[n + 1])."""
    edges = np.asarray(bounds, dtype=np.int64)
    since, until = np.clip(stretches.since, edges[0], edges[-1]), np.clip(stretches.until, edges[0], edges[-1])
    nonempty = until > since
    cut = _by_cover(Stretches(*(column[nonempty] for column in stretches._replace(since=since, until=until))))
    products, product = np.unique(cut.product, return_inverse=True)
    cover = cover_on(cut.since // DAY, *cut[4:])
    first, last = (completed_months(cut.born, at // DAY) for at in (cut.since, cut.until - 1))
    ages = int(last.max(initial=0)) + 1
    group, begins, ends = _by_age(cut, (product * 4 + cover) * ages, first, last)
    groups = len(products) * 4 * ages
    seconds = _by_month(group, ends, edges, groups) - _by_month(group, begins, edges, groups)
    row, month = np.nonzero(seconds)
    cell, age = np.divmod(row, ages)
    return ExposureSums(month, products[cell // 4], age, cell % 4, seconds[row, month])


def _by_cover(stretches: Stretches) -> Stretches:
    """The same stretches in pieces over each of which the cover stays the same."""
    for name in ("warranty_from", "warranty_to", "line_from", "line_to"):
        stretches = _split(stretches, np.where(getattr(stretches, name) < NEVER, getattr(stretches, name), 0) * DAY)
    return stretches


def _by_age(cut: Stretches, group: Whole, first: Whole, last: Whole) -> tuple[Whole, Whole, Whole]:
    """Pieces over each of which the unit's age in completed months, from `first` to `last`, stays the same: group plus age, begin, end."""
    count = last - first + 1
    piece = np.repeat(np.arange(len(count)), count)
    nth = np.arange(len(piece)) - np.repeat(np.cumsum(count) - count, count)
    age, born = first[piece] + nth, cut.born[piece]
    begins = np.where(nth > 0, (born + _BIRTHDAYS[age]) * DAY, cut.since[piece])
    ends = np.where(nth < count[piece] - 1, (born + _BIRTHDAYS[np.minimum(age + 1, OLDEST)]) * DAY, cut.until[piece])
    return group[piece] + age, begins, ends


def _split(stretches: Stretches, at: Whole) -> Stretches:
    """Each stretch that this instant lies within as two."""
    within = (stretches.since < at) & (at < stretches.until)
    before = stretches._replace(until=np.where(within, at, stretches.until))
    after = Stretches(*(column[within] for column in stretches._replace(since=at)))
    return Stretches(*(np.concatenate(pair) for pair in zip(before, after, strict=True)))


def _by_month(group: Whole, at: Whole, edges: Whole, groups: int) -> Whole:
    """Of each group and month, the seconds of it that lie before the instants, all instants together."""
    months = len(edges) - 1
    month = np.minimum(np.searchsorted(edges, at, side="right") - 1, months - 1)
    cell = group * months + month
    partly = np.bincount(cell, weights=at - edges[month], minlength=groups * months).reshape(groups, months)
    passed = np.bincount(cell, minlength=groups * months).reshape(groups, months)
    later = np.cumsum(passed[:, ::-1], axis=1)[:, ::-1] - passed  # instants in a later month have passed this one whole
    return np.rint(partly).astype(np.int64) + later * np.diff(edges)
