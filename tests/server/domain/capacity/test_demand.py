"""Incidents to come."""

import numpy as np
import pytest
from musterroll.domain.capacity import demand
from musterroll.domain.capacity.demand import BY_CHANCE, PastPeriod, ProductDemand
from musterroll.domain.capacity.rates import Gamma, GroupData, alone, pooled_prior, posterior

from tests.support.demand import family_demand

PARTS = [ProductDemand(50, 1000.0, (90.0, 80.0)), ProductDemand(12, 400.0, (40.0, 50.0)), ProductDemand(0, 0.0, (5.0, 5.0))]
PRIOR = pooled_prior([GroupData(part.events, part.exposure) for part in PARTS])


def test_a_count_to_come_is_negative_binomial_after_what_was_seen() -> None:
    found = demand.predict(Gamma(20.5, 1000.0), [300.0, 200.0])
    assert (found.mean, found.variance) == pytest.approx((10.25, 10.25 + 20.5 * 0.5**2))


def test_a_quarter_is_less_sure_than_its_months_added_up_as_if_they_were_independent() -> None:
    month, quarter = demand.predict(alone(10, 100.0), [50.0]), demand.predict(alone(10, 100.0), [50.0] * 3)
    assert quarter.mean == pytest.approx(3 * month.mean)
    assert quarter.variance > 3 * month.variance


def test_a_family_has_the_mean_of_its_members_and_a_variance_that_knows_they_share_one() -> None:
    each = [demand.predict(posterior(part.events, part.exposure, PRIOR), part.coming) for part in PARTS]
    whole = family_demand(PARTS, PRIOR)
    assert whole.mean == pytest.approx(sum(one.mean for one in each))
    assert whole.variance > sum(one.variance for one in each)
    alike = family_demand(PARTS[:1], PRIOR)
    assert (alike.mean, alike.variance) == pytest.approx((each[0].mean, each[0].variance))


def test_moments_by_month_are_those_of_each_month_alone() -> None:
    both = demand.moments(PARTS, PRIOR)
    for month in (0, 1):
        one = demand.moments([part._replace(coming=(part.coming[month],)) for part in PARTS], PRIOR)
        assert (both.mean[month], both.spread[month]) == pytest.approx((one.mean[0], one.spread_of_whole))
    assert both.spread_of_whole > both.spread.sum()


def test_months_that_differ_by_chance_are_told_from_months_that_differ_by_more() -> None:
    rng = np.random.default_rng(5)
    by_chance = [PastPeriod(float(n), 1.0) for n in rng.poisson(80, 200)]
    by_more = [PastPeriod(float(n), 1.0) for n in rng.poisson(80 * rng.gamma(1 / 0.04, 0.04, 200))]
    assert demand.dispersion(by_chance).variance < 0.001
    assert demand.dispersion(by_more).variance == pytest.approx(0.04, rel=0.25)
    assert "more than expected by chance" in demand.dispersion(by_more).words


def test_what_was_learnt_from_the_months_themselves_makes_their_difference_less_sure() -> None:
    months = [PastPeriod(float(n), 1.0) for n in (40, 90, 55, 120, 60, 75, 30, 100, 50, 80, 110, 35)]
    assert demand.dispersion(months, learnt=5).variance > demand.dispersion(months).variance
    assert demand.dispersion(months, learnt=8) is BY_CHANCE


def test_too_little_history_tells_nothing_of_months() -> None:
    assert demand.dispersion([PastPeriod(9, 10.0), PastPeriod(1, 10.0)]) is BY_CHANCE
    assert demand.dispersion([PastPeriod(0, 10.0)] * 20) is BY_CHANCE
    assert demand.dispersion([]) is BY_CHANCE


def test_months_that_differ_widen_a_band_and_a_quarters_less_than_a_months() -> None:
    beyond = demand.dispersion([PastPeriod(float(n), 1.0) for n in (40, 90, 55, 120, 60, 75, 30, 100)])
    wide, narrow = (demand.predict(alone(570, 8.0), [1.0], one) for one in (beyond, BY_CHANCE))
    assert wide.variance > 4 * narrow.variance
    quarter = demand.predict(alone(570, 8.0), [1.0] * 3, beyond)
    assert quarter.variance / quarter.mean**2 < wide.variance / wide.mean**2
    assert demand.predict(alone(0, 8.0), [0.0], beyond).high95 == 0
