"""Renewals, and the revenue that hangs on them."""

import pytest
from musterroll.domain.capacity import renewals
from musterroll.domain.capacity.renewals import RenewalRisk
from scipy import stats


def test_how_many_will_renew_is_beta_binomial() -> None:
    found, known = renewals.renewals(45, 50, 20), stats.betabinom(20, 45.5, 5.5)
    assert (found.mean, found.variance) == pytest.approx((known.mean(), known.var()))
    assert [found.cdf(k) for k in range(21)] == pytest.approx(known.cdf(range(21)).tolist())
    assert found.band(0.95).high <= 20


def test_without_a_past_any_number_may_renew_and_of_none_none_will() -> None:
    assert renewals.renewals(0, 0, 10).band(0.95) == (0, 10)
    assert renewals.renewals(9, 10, 0).band(0.95) == (0, 0)


def test_revenue_of_alike_contracts_is_their_number_by_their_value() -> None:
    money, count = renewals.renewed_revenue(45, 50, [100.0] * 20), renewals.renewals(45, 50, 20)
    assert (money.mean, money.variance) == pytest.approx((100 * count.mean, 100**2 * count.variance))
    assert money.high95 <= 2000.0


def test_one_large_contract_makes_revenue_less_sure_than_many_small() -> None:
    many, one = renewals.renewed_revenue(45, 50, [100.0] * 20), renewals.renewed_revenue(45, 50, [1900.0] + [100 / 19] * 19)
    assert one.mean == pytest.approx(many.mean)
    assert one.variance > 5 * many.variance


@pytest.mark.parametrize(
    ("operating", "before", "deployed", "found"),
    [
        (10, 10, 10, None),
        (4, 10, 10, RenewalRisk.SILENT),
        (8, 10, 10, RenewalRisk.DECLINING),
        (9, 10, 10, None),
        (0, 0, 0, None),
        (0, 0, 5, RenewalRisk.SILENT),
    ],
)
def test_an_account_is_silent_or_declining_by_what_its_units_say(
    operating: int, before: int, deployed: int, found: RenewalRisk | None
) -> None:
    assert renewals.risk(operating, before, deployed) is found


def test_revenue_by_use_is_unit_months_by_what_one_brought() -> None:
    found = renewals.usage_revenue(1000.0, [3.0, 5.0] * 50)
    assert found is not None
    assert found.mean == pytest.approx(4000.0)
    assert found.low95 < 4000.0 < found.high95
    assert renewals.usage_revenue(1000.0, []) is None
