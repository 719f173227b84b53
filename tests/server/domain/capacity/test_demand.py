"""Incidents to come."""

import pytest
from musterroll.domain.capacity import demand
from musterroll.domain.capacity.rates import Gamma


def test_a_count_to_come_is_negative_binomial_after_what_was_seen() -> None:
    predicted = demand.predict(Gamma(20.5, 1000.0), [300.0, 200.0])
    assert (predicted.mean, predicted.variance) == pytest.approx((10.25, 10.25 + 20.5 * 0.5**2))


def test_a_quarter_is_less_sure_than_its_months_added_up_as_if_they_were_independent() -> None:
    month, quarter = demand.predict(Gamma(10.5, 100.0), [50.0]), demand.predict(Gamma(10.5, 100.0), [50.0] * 3)
    assert quarter.mean == pytest.approx(3 * month.mean)
    assert quarter.variance > 3 * month.variance


def test_nothing_is_expected_of_no_exposure() -> None:
    assert demand.predict(Gamma(0.5, 8.0), [0.0]).high95 == 0
