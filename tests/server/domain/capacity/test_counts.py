"""Predicted counts and amounts: bands that hold what they say, sums that are exact where they can be."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from musterroll.domain.capacity.amounts import PredictedAmount
from musterroll.domain.capacity.counts import Predictive
from scipy import stats

MEANS = st.floats(0.05, 1e5)
EXCESS = st.floats(0.0, 50.0)


@given(MEANS, EXCESS, st.sampled_from([0.5, 0.8, 0.95, 0.99]))
@settings(max_examples=60)
def test_a_band_holds_its_level_and_no_narrower_one_by_an_end_does(mean: float, excess: float, level: float) -> None:
    count = Predictive(mean, mean * (1 + excess))
    low, high = count.band(level)
    held = count.cdf(high) - count.cdf(low - 1)
    assert held >= level - 1e-12
    if low < high:
        assert min(count.cdf(high) - count.cdf(low), count.cdf(high - 1) - count.cdf(low - 1)) < level


@pytest.mark.parametrize(("mean", "variance"), [(0.3, 0.3), (4.0, 4.0), (12.0, 30.0), (900.0, 20_000.0)])
def test_quantiles_are_those_of_the_negative_binomial_and_of_poisson(mean: float, variance: float) -> None:
    known = stats.nbinom(mean**2 / (variance - mean), mean / variance) if variance > mean else stats.poisson(mean)
    count = Predictive(mean, variance)
    assert [count.quantile(p) for p in (0.025, 0.1, 0.5, 0.9, 0.975)] == known.ppf([0.025, 0.1, 0.5, 0.9, 0.975]).tolist()
    assert count.cdf(mean) == pytest.approx(known.cdf(mean))


def test_nothing_to_come_is_nothing() -> None:
    none = Predictive(0.0, 0.0)
    assert (none.low95, none.high95, none.cdf(-1), none.cdf(0)) == (0, 0, 0.0, 1.0)
    assert PredictedAmount(0.0, 0.0).band(0.8) == (0.0, 0.0)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_an_amount_has_the_quantiles_of_its_gamma_and_never_exceeds_its_most(level: float) -> None:
    free, bounded = PredictedAmount(100.0, 400.0), PredictedAmount(90.0, 80.0, 100.0)
    known = stats.gamma(25.0, scale=4.0)
    assert free.band(level) == pytest.approx(known.interval(level))
    assert bounded.band(level).high < 100.0
    assert free.times(2.0).band(level).high == pytest.approx(2 * known.interval(level)[1])
    assert free.plus(bounded) == PredictedAmount(190.0, 480.0)
