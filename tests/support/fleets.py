"""Random small fleets for property tests: accounts in a tree, sites, contract lines of every scope, and units."""

from datetime import date, timedelta
from typing import NamedTuple

from hypothesis import strategies as st
from musterroll.domain.contracts.terms import LineScope, LineTerms
from musterroll.domain.coverage.seat_allocation import Candidate

DAY = date(2026, 11, 1)
ACCOUNTS, SITES, PRODUCTS = 5, 6, 2


class Fleet(NamedTuple):
    lines: list[LineTerms]
    units: list[Candidate]
    parents: dict[int, int | None]


days = st.integers(-900, 900).map(lambda n: DAY + timedelta(days=n))


def _line(number: int, scope: LineScope, place: int, product: int, quantity: int, serial: int) -> LineTerms:
    if scope is LineScope.SERIAL:
        return LineTerms(number, f"C1/{number:03}", 1, scope, serial_key=f"S{serial:03}", product=product)
    return LineTerms(number, f"C1/{number:03}", 1, scope, place=place, product=product, quantity=quantity)


def _unit(
    number: int, serial: int, product: int, place: tuple[int | None, int | None], deployed: bool, operating: bool, on: date | None
) -> Candidate:
    return Candidate(number, f"S{serial:03}", product, *place, deployed, operating, on)


_places = st.tuples(st.none() | st.integers(1, ACCOUNTS), st.none() | st.integers(1, SITES))
_lines = st.lists(
    st.tuples(st.sampled_from(LineScope), st.integers(1, ACCOUNTS), st.integers(1, PRODUCTS), st.integers(1, 4), st.integers(0, 30)),
    max_size=12,
)
_units = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, PRODUCTS), _places, st.booleans(), st.booleans(), st.none() | days),
    max_size=30,
    unique_by=lambda unit: unit[:2],
)


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    """A fleet as lines in force, candidates and the accounts' parents; an account's parent always has a smaller number."""
    lines = [_line(number, *rest) for number, rest in enumerate(draw(_lines), 1)]
    units = [_unit(number, *rest) for number, rest in enumerate(draw(_units), 1)]
    parents = {n: draw(st.none() | st.integers(1, n - 1)) if n > 1 else None for n in range(1, ACCOUNTS + 1)}
    return Fleet(lines, units, parents)
