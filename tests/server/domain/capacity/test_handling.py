"""Hours: what incidents took, and what those to come will."""

import numpy as np
import pytest
from musterroll.domain.capacity import handling
from musterroll.domain.capacity.counts import Predictive
from musterroll.domain.capacity.handling import Handling

EXACT = Handling(1000, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 0.0, 0.0)


def test_the_tail_is_told_beside_the_mean() -> None:
    found = handling.handling([1.0] * 90 + [20.0] * 10)
    assert found is not None
    assert (found.n, found.mean, found.median, found.p95) == (100, pytest.approx(2.9), 1.0, 20.0)
    assert found.low < 2.9 < found.high
    assert handling.handling([1.0] * 90 + [20.0] * 10) == found  # the same seed, the same interval


@pytest.mark.parametrize("hours", [[3.0], [1.0, 5.0], [2.0, 2.5, 9.0, 1.0], list(range(1, 15))])
def test_of_few_incidents_the_mean_is_less_sure(hours: list[float]) -> None:
    found = handling.handling(hours)
    assert found is not None
    assert 0 <= found.low < found.mean < found.high
    assert found.error > found.spread / len(hours) ** 0.5
    assert handling.handling([]) is None


def test_the_means_interval_holds_it_about_as_often_as_it_says() -> None:
    rng, truth = np.random.default_rng(2), float(np.exp(0.5 + 0.5**2 / 2))
    found = [handling.handling(rng.lognormal(0.5, 0.5, n).tolist(), 0.9, seed) for seed, n in enumerate([12, 60, 3000] * 60)]
    assert 0.83 < np.mean([one is not None and one.low < truth < one.high for one in found]) < 0.96


def test_hours_of_incidents_that_all_take_the_same_are_uncertain_by_their_number_only() -> None:
    count = Predictive(50.0, 80.0)
    found = handling.hours(count, EXACT)
    assert (found.mean, found.variance) == (100.0, 4 * 80.0)


def test_hours_of_a_known_kind_of_incident_are_those_of_a_random_sum() -> None:
    rng, count = np.random.default_rng(4), Predictive(40.0, 100.0)
    each = Handling(10**9, 3.0, 2.5, 5.0, 6.0, 3.0, 3.0, 1.5, 0.0)
    numbers = rng.negative_binomial(40.0**2 / 60, 0.4, 4000)
    sums = [rng.gamma(4.0, 0.75, n).sum() for n in numbers]
    found = handling.hours(count, each)
    assert (found.mean, found.variance**0.5) == pytest.approx((np.mean(sums), np.std(sums)), rel=0.05)
    assert found.band(0.8) == pytest.approx(np.quantile(sums, (0.1, 0.9)), rel=0.03)


def test_a_visit_takes_the_work_and_the_way() -> None:
    work = Handling(100, 2.0, 1.5, 4.0, 5.0, 1.8, 2.2, 1.2, 0.3)
    way = Handling(100, 1.0, 1.0, 1.5, 1.8, 0.9, 1.1, 0.5, 0.4)
    visit = handling.with_travel(work, way)
    assert (visit.mean, visit.spread, visit.error) == pytest.approx((3.0, 1.3, 0.5))
