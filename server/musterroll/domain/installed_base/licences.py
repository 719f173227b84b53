"""Active licences: seats of lines in force that an operating unit uses, compared with the seats sold."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple


class LineSeats(NamedTuple):
    """A line in force on a day: what it is counted under, its seats, and the seats that operating units use."""

    segment: str
    product: str
    account: str
    sold: int
    active: int
    listed: int = 0  # of the active, by units known from imported lists only


class LicenceCount(NamedTuple):
    active: int
    gross: int
    listed: int = 0  # of the active, by units known from imported lists only


def count_licences(lines: Iterable[LineSeats], by: Callable[[LineSeats], str]) -> dict[str, LicenceCount]:
    """Active and gross licences by segment, product or account, in the order of their names.

    >>> lines = [LineSeats("enterprise", "ST4000", "A1", 10, 7), LineSeats("enterprise", "ST3000", "A2", 1, 0)]
    >>> count_licences(lines, by=lambda line: line.segment)
    {'enterprise': LicenceCount(active=7, gross=11, listed=0)}
    """
    groups: dict[str, list[LineSeats]] = defaultdict(list)
    for line in lines:
        groups[by(line)].append(line)
    return {name: total(groups[name]) for name in sorted(groups)}


def total(lines: Collection[LineSeats]) -> LicenceCount:
    return LicenceCount(*(sum(getattr(line, name) for line in lines) for name in ("active", "sold", "listed")))
