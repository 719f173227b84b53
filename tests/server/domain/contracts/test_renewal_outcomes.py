"""What became of ended terms, against a fleet of which the answer is known, and in random worlds."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from musterroll.domain.contracts.line_cover import Cover, CoveredLine, take
from musterroll.domain.contracts.renewal_outcomes import FOLLOWS, SAME_SHARE, Outcome, PastTerm, past_terms
from musterroll.domain.contracts.retention import retention
from musterroll.domain.contracts.terms import ContractState, ContractTerms
from musterroll.domain.values.dates import Span

ENDED = Span(date(2025, 1, 1), date(2026, 1, 1))
NEXT = Span(date(2026, 1, 15), date(2027, 1, 15))
ON = date(2026, 11, 30)


def contract(number: int, span: Span = ENDED, state: ContractState = ContractState.ACTIVE, **more: Any) -> ContractTerms:
    return ContractTerms(number, f"C{number}", **{"account": 1, "state": state, "span": span, "currency": "EUR", **more})


def serials(*keys: str, price: float = 100.0, product: int | None = 1) -> list[CoveredLine]:
    return [CoveredLine(None, key, product, 1, price, "") for key in keys]


def pool(quantity: int, price: float = 100.0, product: int = 1) -> list[CoveredLine]:
    return [CoveredLine(None, "", product, quantity, price, "")]


def of_first(contracts: list[ContractTerms], lines: dict[int, list[CoveredLine]]) -> PastTerm:
    return next(term for term in past_terms(contracts, lines, date(2023, 1, 1), ON) if term.contract.id == 1)


@pytest.mark.parametrize(
    ("before", "later", "after", "outcome"),
    [
        (serials("A", "B"), contract(2, NEXT), serials("A", "B"), Outcome.RENEWED),
        (serials("A", "B"), contract(2, NEXT), serials("A", "B", "C"), Outcome.UPSELL),
        (serials("A", "B"), contract(2, NEXT), serials("A", price=150), Outcome.DOWNSELL),
        (serials("A", "B"), contract(2, NEXT), serials("C", "D"), Outcome.REPLACED),
        (serials("A", "B"), contract(2, NEXT), pool(2), Outcome.RENEWED),
        (serials("A", "B"), contract(2, NEXT), pool(2, product=2), Outcome.REPLACED),
        (pool(10), contract(2, NEXT), pool(4, 1_000), Outcome.REPLACED),
        (pool(10), contract(2, NEXT), pool(5), Outcome.DOWNSELL),
        (serials("A", "B"), contract(2, NEXT, ContractState.CANCELLED), serials("A", "B"), Outcome.LOST),
        (serials("A", "B"), contract(2, NEXT, ContractState.CANCELLED, renews="C1"), serials("A", "B"), Outcome.LOST),
        (serials("A", "B"), contract(2, NEXT, account=2), serials("A", "B"), Outcome.LOST),
        (serials("A", "B"), contract(2, NEXT, account=2, renews="C1"), serials("C"), Outcome.DOWNSELL),
        (serials("A", "B"), contract(2, NEXT, renews="C9"), serials("A", "B"), Outcome.LOST),
        (serials("A", "B"), contract(2, Span(date(2026, 7, 1))), serials("A", "B"), Outcome.WON_BACK),
        (serials("A", "B"), contract(2, Span(date(2026, 7, 1))), serials("C", "D"), Outcome.LOST),
        (serials("A", "B"), contract(2, Span(date(2027, 1, 1))), serials("A", "B"), Outcome.LOST),
        ([], contract(2, NEXT), [], Outcome.RENEWED),
        ([], contract(2, NEXT), serials("A"), Outcome.REPLACED),
    ],
)
def test_a_renewal_covers_enough_of_the_same_units_or_says_so(
    before: list[CoveredLine], later: ContractTerms, after: list[CoveredLine], outcome: Outcome
) -> None:
    assert of_first([contract(1), later], {1: before, 2: after}).outcome is outcome


def test_a_contract_that_renews_itself_is_compared_with_its_next_term() -> None:
    whole, ended = serials("A", "B"), [line._replace(span=Span(ENDED.starts_on, date(2025, 12, 31))) for line in serials("C")]
    term = of_first([contract(1, auto_renew=True)], {1: [*whole, *ended]})
    assert (term.outcome, term.worth, term.retained) == (Outcome.RENEWED, {"EUR": 200}, {"EUR": 200})


def test_one_contract_that_renews_two_is_counted_once_in_money() -> None:
    past = past_terms([contract(1), contract(2), contract(3, NEXT)], {1: pool(4), 2: pool(6), 3: pool(10, 120)}, ENDED.starts_on, ON)
    assert [term.outcome for term in past] == [Outcome.UPSELL, Outcome.UPSELL]
    money = retention(past, "EUR")
    assert (money.worth, money.gross, money.net) == (1_000, 1_000, pytest.approx(1_200))


def test_gross_and_net_retention_equal_a_count_by_hand() -> None:
    contracts = [contract(number, account=number) for number in range(1, 5)]
    after = [contract(10 + number, NEXT, account=number) for number in range(1, 4)]
    lines = {number: pool(10) for number in range(1, 5)} | {11: pool(10), 12: pool(20), 13: pool(5)}
    money = retention(past_terms([*contracts, *after], lines, ENDED.starts_on, ON), "EUR")
    assert (money.due, money.renewed, money.worth, money.gross, money.net) == (4, 3, 4_000, 2_500, 3_500)
    assert money.outcomes[Outcome.LOST] == money.outcomes[Outcome.UPSELL] == money.outcomes[Outcome.DOWNSELL] == 1


keys = st.sets(st.sampled_from("ABCDEFGH"), max_size=6)
covers = st.builds(
    lambda named, one, two, price: [*serials(*sorted(named), price=price), *pool(one, price, 1), *pool(two, price, 2)],
    keys,
    st.integers(0, 5),
    st.integers(0, 5),
    st.sampled_from([50.0, 100.0]),
)
days = st.integers(-400, 330).map(lambda days: ENDED.ends_on + timedelta(days))
worlds = st.lists(
    st.tuples(days, st.sampled_from(ContractState), covers, st.sampled_from(["", "", "C1", "C2"]), st.booleans()), min_size=1, max_size=7
)


def world(rows: list[Any]) -> tuple[list[ContractTerms], dict[int, list[CoveredLine]]]:
    contracts, lines = [], {}
    for number, (starts_on, state, cover, renews, auto) in enumerate(rows, 1):
        span = Span(starts_on, starts_on + timedelta(200))
        contracts.append(contract(number, span, state, renews=renews, auto_renew=auto, renewal_months=6))
        lines[number] = cover
    return contracts, lines


@given(worlds, st.randoms())
def test_in_any_world(rows: list[Any], random: Any) -> None:
    contracts, lines = world(rows)
    past = past_terms(contracts, lines, date(2023, 1, 1), ON)
    states, begins = {one.ref: one.state for one in contracts}, {one.ref: one.span.starts_on for one in contracts}
    for term in past:
        others = [ref for ref in term.by if ref != term.contract.ref]
        assert all(states[ref] in (ContractState.ACTIVE, ContractState.EXPIRED) and begins[ref] <= ON for ref in others)
        assert term.outcome.renews or not term.retained
        if term.outcome is Outcome.WON_BACK:
            assert all(begins[ref] > term.ends_on + FOLLOWS for ref in others)
        if term.outcome is Outcome.LOST:
            assert not term.by
    money = retention(past, "EUR")
    assert 0 <= money.gross <= money.worth + 1e-6
    assert money.gross <= money.net + 1e-6
    assert money.due == len(past)
    shuffled = random.sample(contracts, len(contracts))
    assert past_terms(shuffled, lines, date(2023, 1, 1), ON) == past
    without = [one for one in contracts if one.state not in (ContractState.CANCELLED, ContractState.DRAFT)]
    mine = [term for term in past if term.contract.state not in (ContractState.CANCELLED, ContractState.DRAFT)]
    again = past_terms(without, lines, date(2023, 1, 1), ON)
    assert len(again) == len(mine)  # a cancelled contract renews nothing; its own end may take up a later one


@given(st.integers(1, 40), st.integers(0, 40))
def test_the_share_decides(units: int, same: int) -> None:
    term = of_first([contract(1), contract(2, NEXT)], {1: pool(units), 2: pool(min(same, units)) if same else serials("X", product=9)})
    assert term.outcome.renews == (min(same, units) >= SAME_SHARE * units)


@given(keys, st.integers(0, 5), keys, st.integers(0, 5))
def test_units_in_common_are_those_of_the_largest_matching(before: set[str], quantity: int, after: set[str], other: int) -> None:
    cover = Cover(dict.fromkeys(before, 1), Counter({1: quantity}), {})
    common = take(cover.copy(), Cover(dict.fromkeys(after, 1), Counter({1: other}), {}))
    both, left, free = len(before & after), len(before - after), len(after - before)
    by_serial = min(left, other)
    assert common == both + by_serial + min(quantity, other - by_serial + free)
    assert common <= cover.units
