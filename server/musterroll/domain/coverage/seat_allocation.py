"""Which line covers which unit. The same lines and units, in any order, always give the same answer.

A line that names a serial covers that unit wherever it is. A quantity covers units that are out there (deployed or operating), each
once: by the most specific line that has a seat left, operating units first, then the earliest deployed, then by serial key. Because all
lines rank the units alike, letting each unit in that order choose its most specific free seat is the same as filling the lines from the
most specific on (the one stable matching; a test holds the two together), and needs one pass: O(n log n).

Serial lines may be done apart, and quantities may be done for each (root account, product) apart: nothing crosses.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from musterroll.domain.contracts.terms import LineScope, LineTerms


class Candidate(NamedTuple):
    """A unit as far as lines care. Its account is its site's where only the site is known."""

    unit: int
    serial_key: str
    product: int
    account: int | None
    site: int | None
    deployed: bool
    operating: bool
    deployed_on: date | None = None


class SeatAllocation(NamedTuple):
    """Lines by unit (only units that have one), empty seats by line, and the units left over by the line they found full."""

    lines: dict[int, tuple[int, ...]]
    left_over: dict[int, int]
    over: dict[int, tuple[int, ...]]


Pool = tuple[LineScope, int, int]  # scope, place, product
Seats = deque[list[int]]  # [line, free seats], in the order they are filled; never with none free
Parents = Mapping[int, int | None]  # an account's parent


def allocate_seats(lines: Iterable[LineTerms], units: Iterable[Candidate], parents: Parents) -> SeatAllocation:
    """Assign the lines in force on a day (no others) to units. Accounts by `parents` are a tree."""
    by_serial, pools = _sorted_lines(lines)
    candidates = sorted(units, key=_rank)
    given = _name(by_serial, candidates)
    seats = {pool: deque([line.id, line.quantity] for line in held) for pool, held in pools.items()}
    over: dict[int, list[int]] = defaultdict(list)
    for unit in candidates:
        if unit.unit in given or not (unit.deployed or unit.operating):
            continue
        reach = [pool for pool in _reach(unit, parents) if pool in pools]
        free = next((pool for pool in reach if seats[pool]), None)
        if free is not None:
            given[unit.unit] = [_take(seats[free])]
        elif reach:
            over[pools[reach[0]][-1].id].append(unit.unit)
    return SeatAllocation(
        {unit: tuple(held) for unit, held in given.items()},
        _left_over(by_serial, given, seats),
        {line: tuple(left) for line, left in over.items()},
    )


def _sorted_lines(lines: Iterable[LineTerms]) -> tuple[list[LineTerms], dict[Pool, list[LineTerms]]]:
    by_serial: list[LineTerms] = []
    pools: dict[Pool, list[LineTerms]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: (line.ref, line.id)):
        if line.scope is LineScope.SERIAL:
            by_serial.append(line)
        elif line.place is not None and line.product is not None:
            pools[line.scope, line.place, line.product].append(line)
    return by_serial, pools


def _rank(unit: Candidate) -> tuple[bool, date, str, int, int]:
    return (not unit.operating, unit.deployed_on or date.max, unit.serial_key, unit.product, unit.unit)


def _name(lines: list[LineTerms], units: list[Candidate]) -> dict[int, list[int]]:
    """Each line that names a serial to its unit; where two makers share the serial, to the one of the line's product or to none."""
    holders: dict[str, list[Candidate]] = defaultdict(list)
    for unit in units:
        holders[unit.serial_key].append(unit)
    given: dict[int, list[int]] = defaultdict(list)
    for line in lines:
        named = holders.get(line.serial_key, [])
        exact = named if len(named) == 1 else [unit for unit in named if unit.product == line.product]
        if len(exact) == 1:
            given[exact[0].unit].append(line.id)
    return given


def _reach(unit: Candidate, parents: Parents) -> Iterator[Pool]:
    """The pools a unit may take a seat of, most specific first; of accounts above it the nearest first."""
    if unit.site is not None:
        yield LineScope.SITE, unit.site, unit.product
    if unit.account is not None:
        yield LineScope.ACCOUNT, unit.account, unit.product
    for account in lineage(unit.account, parents):
        yield LineScope.SUBTREE, account, unit.product


def lineage(account: int | None, parents: Parents) -> Iterator[int]:
    """An account, its parent, and so on to the root. A circle, which no import lets in, ends where it closes."""
    seen: set[int] = set()
    while account is not None and account not in seen:
        seen.add(account)
        yield account
        account = parents.get(account)


def _take(seats: Seats) -> int:
    line, free = seats[0]
    seats[0][1] -= 1
    if free == 1:
        seats.popleft()
    return line


def _left_over(by_serial: list[LineTerms], given: Mapping[int, list[int]], seats: Mapping[Pool, Seats]) -> dict[int, int]:
    taken = {line for held in given.values() for line in held}
    named = {line.id: 1 for line in by_serial if line.id not in taken}
    return named | {line: free for held in seats.values() for line, free in held}
