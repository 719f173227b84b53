"""Parts on the shelf."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from musterroll.domain.capacity import spares
from musterroll.domain.capacity.counts import Predictive
from musterroll.domain.capacity.rates import Gamma
from scipy import stats


@pytest.mark.parametrize(("target", "stock"), [(0.95, 5), (0.99, 6)])
def test_the_example_every_planner_knows(target: float, stock: int) -> None:
    found = spares.stock(500, 0.0257, 60, target)
    demand = stats.poisson(500 * 0.0257 * 60 / 365)
    assert found.stock == stock
    assert found.ready == pytest.approx(demand.cdf(stock))
    assert found.fill == pytest.approx(sum(min(k, stock) * demand.pmf(k) for k in range(60)) / demand.mean())


@given(st.floats(0.1, 1e5), st.floats(1e-4, 2.0), st.floats(0.5, 0.999))
@settings(max_examples=50)
def test_one_part_less_would_not_do(units: float, rate: float, target: float) -> None:
    found = spares.stock(units, rate, 45, target)
    assert found.ready >= target
    assert found.stock == 0 or stats.poisson(units * rate * 45 / 365).cdf(found.stock - 1) < target
    assert 0 <= found.fill <= 1


def test_a_rate_known_from_few_failures_asks_for_more() -> None:
    sure, unsure = spares.stock(500, 0.0257, 60, 0.95), spares.stock(500, Gamma(2.57, 100.0), 60, 0.95)
    assert unsure.demand_mean == pytest.approx(sure.demand_mean)
    assert unsure.stock > sure.stock


def test_where_nothing_fails_nothing_is_held() -> None:
    assert spares.stock_for(Predictive(0.0, 0.0), 0.99) == (0, 1.0, 1.0, 0.0)
    with pytest.raises(ValueError, match="target"):
        spares.stock(1, 1, 1, 1.0)
