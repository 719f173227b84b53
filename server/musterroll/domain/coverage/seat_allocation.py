"""Which contract line covers which unit. The same lines and units, in any order, always give the same allocation.

A line for a serial covers that unit wherever it is. A quantity covers units in the field (deployed or operating), each at most once:
the most specific line with a free seat, operating units first, then the earliest deployed, then by serial key. All lines rank units the
same way, so letting each unit in that order take its most specific free seat equals filling the lines from the most specific on (the
only stable matching; a test compares the two) and takes one pass: O(n log n).

Serial lines, and quantities per (root account, product), are independent of each other.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from musterroll.domain.contracts.terms import LineScope, LineTerms


class Candidate(NamedTuple):
    """A unit as allocation sees it. If only its site is known, its account is that of the site."""

    unit: int
    serial_key: str
    product: int
    account: int | None
    site: int | None
    deployed: bool
    operating: bool
    deployed_on: date | None = None


class SeatAllocation(NamedTuple):
    """Lines by unit (only units with one), unused seats by line, and units without a seat by the full line they would need."""

    lines: dict[int, tuple[int, ...]]
    left_over: dict[int, int]
    over: dict[int, tuple[int, ...]]


Pool = tuple[LineScope, int, int]  # scope, place, product
Seats = deque[list[int]]  # [line, free seats], in the order they are filled; never with none free
Parents = Mapping[int, int | None]  # by account


def allocate_seats(lines: Iterable[LineTerms], units: Iterable[Candidate], parents: Parents) -> SeatAllocation:
    """Allocate the seats of lines, all in force on one day, to units."""
    by_serial, pools = _sorted_lines(lines)
    candidates = sorted(units, key=_rank)
    seats_by_unit = _name(by_serial, candidates)
    seats = {pool: deque([line.id, line.quantity] for line in assigned) for pool, assigned in pools.items()}
    over: dict[int, list[int]] = defaultdict(list)
    for unit in candidates:
        if unit.unit in seats_by_unit or not (unit.deployed or unit.operating):
            continue
        reach = [pool for pool in _reach(unit, parents) if pool in pools]
        free = next((pool for pool in reach if seats[pool]), None)
        if free is not None:
            seats_by_unit[unit.unit] = [_take(seats[free])]
        elif reach:
            over[pools[reach[0]][-1].id].append(unit.unit)
    return SeatAllocation(
        {unit: tuple(assigned) for unit, assigned in seats_by_unit.items()},
        _left_over(by_serial, seats_by_unit, seats),
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
    """Lines for a serial, by unit. If several makers share the serial, the unit of the line's product, or none."""
    holders: dict[str, list[Candidate]] = defaultdict(list)
    for unit in units:
        holders[unit.serial_key].append(unit)
    seats_by_unit: dict[int, list[int]] = defaultdict(list)
    for line in lines:
        units_named = holders.get(line.serial_key, [])
        matching = units_named if len(units_named) == 1 else [unit for unit in units_named if unit.product == line.product]
        if len(matching) == 1:
            seats_by_unit[matching[0].unit].append(line.id)
    return seats_by_unit


def _reach(unit: Candidate, parents: Parents) -> Iterator[Pool]:
    """The pools a unit may take a seat from, most specific first; of parent accounts, the nearest first."""
    if unit.site is not None:
        yield LineScope.SITE, unit.site, unit.product
    if unit.account is not None:
        yield LineScope.ACCOUNT, unit.account, unit.product
    for account in lineage(unit.account, parents):
        yield LineScope.SUBTREE, account, unit.product


def lineage(account: int | None, parents: Parents) -> Iterator[int]:
    """An account, its parent and so on up to the root. Stops at a cycle, which imports reject."""
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


def _left_over(by_serial: list[LineTerms], seats_by_unit: Mapping[int, list[int]], seats: Mapping[Pool, Seats]) -> dict[int, int]:
    taken = {line for assigned in seats_by_unit.values() for line in assigned}
    serial_lines = {line.id: 1 for line in by_serial if line.id not in taken}
    return serial_lines | {line: free for assigned in seats.values() for line, free in assigned}
