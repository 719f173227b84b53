"""Active licences: seats of lines in force that an operating unit sits in, beside all seats that were sold, and against a target."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import NamedTuple


class Seats(NamedTuple):
    """One line in force on a day: what it is counted under, how many seats it has, and in how many an operating unit sits."""

    segment: str
    product: str
    account: str
    sold: int
    active: int


class Count(NamedTuple):
    active: int
    gross: int


class Level(StrEnum):
    ABOVE = "above"
    AT = "at"
    BELOW = "below"


class Target(NamedTuple):
    """A number of active licences to have, and how far from it, in hundredths, still counts as at the target."""

    licences: int
    tolerance: int = 0


def tally(lines: Iterable[Seats], by: Callable[[Seats], str]) -> dict[str, Count]:
    """Active and gross licences by segment, product or account, in the order of their names.

    >>> lines = [Seats("enterprise", "ST4000", "A1", 10, 7), Seats("enterprise", "ST3000", "A2", 1, 0)]
    >>> tally(lines, by=lambda line: line.segment)
    {'enterprise': Count(active=7, gross=11)}
    """
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for line in lines:
        sums[by(line)][0] += line.active
        sums[by(line)][1] += line.sold
    return {name: Count(*sums[name]) for name in sorted(sums)}


def level(active: int, target: Target) -> Level:
    """
    >>> [level(n, Target(200, tolerance=5)).value for n in (189, 190, 210, 211)]
    ['below', 'at', 'at', 'above']
    """
    if abs(active - target.licences) * 100 <= target.licences * target.tolerance:
        return Level.AT
    return Level.ABOVE if active > target.licences else Level.BELOW
