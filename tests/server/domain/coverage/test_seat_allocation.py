"""Examples of which line takes which unit, and what holds for every fleet."""

from collections import Counter
from datetime import date
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from musterroll.domain.contracts.terms import LineScope, LineTerms
from musterroll.domain.coverage.seat_allocation import Candidate, SeatAllocation, allocate_seats, lineage

from tests.support.fleets import Fleet, fleets

HEAD, BRANCH, OFFICE, DRIVE = 1, 2, 10, 5
PARENTS = {HEAD: None, BRANCH: HEAD}


def unit(number: int, operating: bool = True, deployed_on: date | None = None, site: int | None = OFFICE) -> Candidate:
    return Candidate(number, f"S{number}", DRIVE, BRANCH, site, True, operating, deployed_on)


def line(number: int, scope: LineScope, place: int, quantity: int = 1) -> LineTerms:
    return LineTerms(number, f"C1/{number}", 1, scope, place, product=DRIVE, quantity=quantity)


def named(number: int, serial: str, product: int | None = None) -> LineTerms:
    return LineTerms(number, f"C1/{number}", 1, LineScope.SERIAL, serial_key=serial, product=product)


def test_the_most_specific_line_is_used_first() -> None:
    lines = [
        line(1, LineScope.SUBTREE, HEAD),
        line(2, LineScope.SUBTREE, BRANCH),
        line(3, LineScope.ACCOUNT, BRANCH),
        line(4, LineScope.SITE, OFFICE),
        named(5, "S1"),
    ]
    found = allocate_seats(lines, [unit(n) for n in range(1, 6)], PARENTS)
    assert found.lines == {1: (5,), 2: (4,), 3: (3,), 4: (2,), 5: (1,)}


def test_operating_units_go_first_then_the_earliest_deployed_then_the_serial() -> None:
    units = [unit(1, False, date(2020, 1, 1)), unit(2, True, date(2025, 1, 1)), unit(3, True, date(2024, 1, 1)), unit(4, True)]
    found = allocate_seats([line(1, LineScope.SITE, OFFICE, 2)], units, PARENTS)
    assert set(found.lines) == {2, 3}
    assert found.over == {1: (4, 1)}


def test_seats_nobody_uses_are_left_over() -> None:
    assert allocate_seats([line(1, LineScope.ACCOUNT, BRANCH, 10)], [unit(1), unit(2)], PARENTS).left_over == {1: 8}


def test_a_serial_that_is_not_on_the_roll_leaves_its_line_over() -> None:
    assert allocate_seats([named(1, "S9")], [unit(1)], PARENTS) == SeatAllocation({}, {1: 1}, {})


def test_a_unit_in_stock_takes_no_seat_of_a_quantity_but_its_own_line_covers_it() -> None:
    stock = unit(1, operating=False)._replace(deployed=False)
    assert allocate_seats([line(1, LineScope.ACCOUNT, BRANCH)], [stock], PARENTS).left_over == {1: 1}
    assert allocate_seats([named(1, "S1")], [stock], PARENTS).lines == {1: (1,)}


def test_a_unit_named_twice_is_on_both_lines_and_takes_no_seat_of_a_quantity() -> None:
    found = allocate_seats([named(1, "S1"), named(2, "S1"), line(3, LineScope.SITE, OFFICE)], [unit(1)], PARENTS)
    assert (found.lines, found.left_over) == ({1: (1, 2)}, {3: 1})


def test_a_serial_two_makers_share_is_told_apart_by_the_product_and_else_by_nobody() -> None:
    twins = [unit(1), unit(2)._replace(serial_key="S1", product=6)]
    assert allocate_seats([named(1, "S1", product=6)], twins, PARENTS).lines == {2: (1,)}
    assert allocate_seats([named(1, "S1")], twins, PARENTS).left_over == {1: 1}


def test_a_line_for_one_account_does_not_reach_its_subsidiary() -> None:
    assert not allocate_seats([line(1, LineScope.ACCOUNT, HEAD)], [unit(1)], PARENTS).lines


def test_a_line_of_a_milliard_costs_no_memory() -> None:
    assert allocate_seats([line(1, LineScope.SITE, OFFICE, 10**9)], [unit(1)], PARENTS).left_over == {1: 10**9 - 1}


def test_a_circle_of_accounts_ends() -> None:
    assert list(lineage(1, {1: 2, 2: 1})) == [1, 2]


@given(fleets(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_never_matters(fleet: Fleet, random: Random) -> None:
    expected = allocate_seats(*fleet)
    random.shuffle(fleet.lines)
    random.shuffle(fleet.units)
    assert allocate_seats(*fleet) == expected


@given(fleets())
def test_every_seat_is_taken_once_or_left_over(fleet: Fleet) -> None:
    found = allocate_seats(*fleet)
    taken = Counter(line for lines in found.lines.values() for line in lines)
    for one in fleet.lines:
        assert taken[one.id] + found.left_over.get(one.id, 0) == one.quantity


@given(fleets())
def test_no_unit_is_left_over_while_a_seat_it_could_take_is_free(fleet: Fleet) -> None:
    found = allocate_seats(*fleet)
    by_id = {one.id: one for one in fleet.lines}
    left = {unit for units in found.over.values() for unit in units}
    for one in fleet.units:
        if one.unit in left:
            assert not [free for free in found.left_over if _reaches(by_id[free], one, fleet.parents)]


@given(fleets())
def test_choosing_unit_by_unit_is_the_same_as_filling_lines_from_the_most_specific_on(fleet: Fleet) -> None:
    assert allocate_seats(*fleet).lines == _line_by_line(fleet)


@given(fleets(), st.integers(1, 2))
def test_each_product_can_be_done_apart(fleet: Fleet, product: int) -> None:
    lines = [one for one in fleet.lines if one.scope is not LineScope.SERIAL]
    whole = allocate_seats(lines, fleet.units, fleet.parents)
    units = [one for one in fleet.units if one.product == product]
    apart = allocate_seats([one for one in lines if one.product == product], units, fleet.parents)
    assert apart.lines == {one.unit: whole.lines[one.unit] for one in units if one.unit in whole.lines}


def _reaches(line: LineTerms, unit: Candidate, parents: dict[int, int | None]) -> bool:
    if line.scope is LineScope.SERIAL or line.product != unit.product:
        return False
    if line.scope is LineScope.SITE:
        return line.place == unit.site
    return line.place == unit.account if line.scope is LineScope.ACCOUNT else line.place in list(lineage(unit.account, parents))


def _line_by_line(fleet: Fleet) -> dict[int, tuple[int, ...]]:
    """The words of the rule, taken literally and slowly: line after line, each filled with the best units not yet covered."""
    taken = dict(allocate_seats([one for one in fleet.lines if one.scope is LineScope.SERIAL], fleet.units, {}).lines)

    def specific(line: LineTerms) -> tuple[int, int, str]:
        depth = len(list(lineage(line.place, fleet.parents))) if line.scope is LineScope.SUBTREE else 0
        return list(LineScope).index(line.scope), -depth, line.ref

    for line in sorted((one for one in fleet.lines if one.scope is not LineScope.SERIAL), key=specific):
        able = [u for u in fleet.units if u.unit not in taken and (u.deployed or u.operating) and _reaches(line, u, fleet.parents)]
        best = sorted(able, key=lambda u: (not u.operating, u.deployed_on or date.max, u.serial_key))
        taken |= {u.unit: (line.id,) for u in best[: line.quantity]}
    return taken
