"""The test of declining use: equal to scipy's, and its false alarms on simulated accounts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from musterroll.domain.usage.decline import LEVEL, WEEKS, chance, trend
from numpy.typing import NDArray
from scipy.stats import kendalltau

ACCOUNTS = 4000


@given(st.permutations(range(WEEKS)))
def test_the_probability_is_that_of_kendall(order: list[int]) -> None:
    falls = sum(later < earlier for n, earlier in enumerate(order) for later in order[n + 1 :])
    assert chance(falls, WEEKS) == pytest.approx(kendalltau(range(WEEKS), order, alternative="less", method="exact").pvalue)


def alarms(weeks: NDArray[np.float64]) -> float:
    """The share of accounts that are said to decline."""
    trends = [trend(list(account)) for account in weeks]
    return sum(verdict is not None and verdict.declining for verdict in trends) / len(weeks)


def simulated(noise: float, memory: float = 0.0, growth: float = 0.0) -> NDArray[np.float64]:
    """Weekly use of accounts: lognormal noise, of which a share is carried over to the next week, and a trend."""
    dice = np.random.default_rng(7)
    weeks = np.empty((ACCOUNTS, WEEKS))
    state = dice.normal(size=ACCOUNTS)
    for week in range(WEEKS):
        state = memory * state + np.sqrt(1 - memory**2) * dice.normal(size=ACCOUNTS)
        weeks[:, week] = 1000 * np.exp(noise * state + growth * week)
    return weeks


@pytest.mark.parametrize("noise", [0.1, 0.3, 1.0])
def test_steady_accounts_are_rarely_accused(noise: float) -> None:
    assert alarms(simulated(noise)) <= LEVEL + 3 * (LEVEL / ACCOUNTS) ** 0.5


def test_weeks_that_resemble_the_last_make_more_false_alarms() -> None:
    """The exact probability holds for weeks that do not depend on each other: docs/usage.md has these figures."""
    assert alarms(simulated(0.3, memory=0.5)) == pytest.approx(0.033, abs=0.01)


def test_a_real_decline_is_seen() -> None:
    assert alarms(simulated(0.1, growth=-0.05)) > 0.9
    assert alarms(simulated(0.1, growth=0.05)) == 0
    assert alarms(simulated(0.3, growth=-0.1)) > 0.6


def test_use_that_ended_declines_and_use_that_began_late_is_not_judged() -> None:
    ended = trend([50, 48, 49, 40, 30, 20, 10, 5, 2, 0, 0, 0])
    assert ended is not None
    assert ended.declining
    assert ended.fall > 0.9
    assert trend([0, 0, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]) is None
