"""Rates with their intervals, and what a family lends."""

from math import inf, isnan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from musterroll.domain.capacity import rates
from musterroll.domain.capacity.rates import GroupData
from scipy import special


@pytest.mark.parametrize(
    ("failures", "low", "high"),
    [(0, 0.0, 3.688879454), (1, 0.025317808, 5.571643390), (3, 0.618672119, 8.767273070), (20, 12.216519600, 30.888377903)],
)
def test_the_interval_is_garwoods(failures: int, low: float, high: float) -> None:
    found = rates.afr(failures, 365.0 * 10)
    assert (found.rate, found.low, found.high) == pytest.approx((failures / 10, low / 10, high / 10), abs=1e-8)


@given(st.integers(0, 5000), st.floats(0.01, 1e7), st.floats(0.5, 0.99))
@settings(max_examples=50)
def test_at_its_ends_the_counts_seen_would_be_just_as_unlikely_as_the_level_says(events: int, exposure: float, level: float) -> None:
    found = rates.rate_interval(events, exposure, level)
    assert special.pdtr(events, found.high * exposure) == pytest.approx((1 - level) / 2, rel=1e-6)
    if events:
        assert special.pdtrc(events - 1, found.low * exposure) == pytest.approx((1 - level) / 2, rel=1e-6)


def test_where_nothing_was_exposed_nothing_is_known() -> None:
    found = rates.rate_interval(0, 0.0)
    assert isnan(found.rate)
    assert (found.known, found.low, found.high) == (False, 0.0, inf)
    assert rates.wilson(0, 0)[2:] == pytest.approx((float("nan"), 0.0, 1.0), nan_ok=True)
    with pytest.raises(ValueError, match="any exposure"):
        rates.pooled_prior([GroupData(0, 0.0)])


def test_a_small_product_is_drawn_to_its_family_and_a_large_one_keeps_its_own_rate() -> None:
    prior = rates.pooled_prior([GroupData(50, 1000), GroupData(60, 1000), GroupData(40, 1000), GroupData(55, 1000), GroupData(2, 10)])
    small, large = rates.shrunk(2, 10.0, prior), rates.shrunk(500, 10_000.0, prior)
    assert 0.05 < small.rate < 0.08 < 0.2
    assert small.weight_of_own_data < 0.1 < 0.7 < large.weight_of_own_data
    assert large.rate == pytest.approx(0.05, rel=0.02)


def test_a_product_without_a_past_has_its_familys_rate_and_a_wider_interval_than_any_member() -> None:
    groups = [GroupData(50, 1000), GroupData(90, 1000), GroupData(30, 1000)]
    prior = rates.pooled_prior(groups)
    new, member = rates.shrunk(0, 0.0, prior), rates.shrunk(50, 1000.0, prior)
    assert new.weight_of_own_data == 0.0
    assert new.low < member.low < member.high < new.high


def test_a_family_of_one_says_no_more_than_the_product_itself() -> None:
    own = rates.Gamma(12.5, 400.0)
    lent = rates.posterior(12, 400.0, rates.pooled_prior([GroupData(12, 400.0)]))
    assert (lent.mean, lent.variance) == pytest.approx((own.mean, own.variance), rel=0.05)


def test_a_family_that_never_failed_is_still_believed_to_be_able_to() -> None:
    found = rates.shrunk(0, 100.0, rates.pooled_prior([GroupData(0, 100.0), GroupData(0, 300.0)]))
    assert 0 < found.rate < 1 / 100
    assert found.high < 4 / 100
