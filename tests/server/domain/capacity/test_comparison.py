"""The log-rank test, against scipy and against counting unit by unit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from musterroll.domain.capacity.comparison import compare
from musterroll.domain.capacity.survival import UnitLife
from scipy import stats

_LIVES = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 30), st.booleans()), min_size=1, max_size=30)


def _lives(rows: list[tuple[int, int, bool]], late: bool) -> list[UnitLife]:
    return [UnitLife(entered if late else 0, (entered if late else 0) + lived, failed) for entered, lived, failed in rows]


def _censored(lives: list[UnitLife]) -> stats.CensoredData:
    failed = [life.left_at_age for life in lives if life.failed]
    return stats.CensoredData(failed, right=[life.left_at_age for life in lives if not life.failed])


@given(_LIVES, _LIVES)
def test_it_is_that_of_scipy_where_all_are_seen_from_birth(first: list[tuple[int, int, bool]], second: list[tuple[int, int, bool]]) -> None:
    ones, others = _lives(first, late=False), _lives(second, late=False)
    result = compare(ones, others)
    if result is not None:
        assert result.p == pytest.approx(stats.logrank(_censored(ones), _censored(others)).pvalue)


@given(_LIVES, _LIVES)
def test_a_unit_is_at_risk_only_from_the_age_at_which_it_was_first_seen(
    first: list[tuple[int, int, bool]], second: list[tuple[int, int, bool]]
) -> None:
    ones, others = _lives(first, late=True), _lives(second, late=True)
    expected = 0.0
    for age in sorted({life.left_at_age for life in (*ones, *others) if life.failed}):
        at_risk = [sum(life.entered_at_age < age <= life.left_at_age for life in lives) for lives in (ones, others)]
        failures = sum(life.failed and life.left_at_age == age for life in (*ones, *others))
        expected += failures * at_risk[0] / sum(at_risk)
    result = compare(ones, others)
    if result is not None:
        assert result.expected[0] == pytest.approx(expected)
        assert sum(result.expected) == pytest.approx(sum(result.failures))
        mirrored = compare(others, ones)
        assert mirrored is not None
        assert mirrored.p == pytest.approx(result.p)


def test_without_failures_there_is_nothing_to_compare() -> None:
    assert compare([UnitLife(0, 10, False)], [UnitLife(0, 20, False)]) is None
    assert compare([], [UnitLife(0, 20, True)]) is None


def test_two_products_of_one_kind_rarely_differ_and_a_difference_is_said_with_the_number_of_pairs() -> None:
    dice = np.random.default_rng(7)

    def product(mean: float) -> list[UnitLife]:
        return [UnitLife(0, min(age, 500.0), age < 500.0) for age in dice.exponential(mean, 200).tolist()]

    differing = sum((result := compare(product(800), product(800))) is not None and result.p < 0.05 for _ in range(200))
    assert 3 <= differing <= 20  # 10 expected
    far, near = compare(product(400), product(1600), products=40), compare(product(800), product(1000), products=40)
    assert far is not None
    assert near is not None
    assert far.words.startswith("They differ at the same age: ")
    assert "780 possible pairs of products" in far.words
    assert not near.words.startswith("They differ")
