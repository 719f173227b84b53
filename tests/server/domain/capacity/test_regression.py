"""Rates by product, age and month, learnt together."""

import numpy as np
import pytest
from musterroll.domain.capacity import regression
from musterroll.domain.capacity.course import course
from musterroll.domain.capacity.regression import SETTINGS, Cells, Numbers, Outlook, outlook
from scipy import optimize

AGES = np.array([0.03, 0.01, 0.012, 0.02, 0.05, 0.06, 0.07])
MONTHS, PRODUCTS = np.arange(36), np.array([0.7, 1.0, 1.6])
QUARTER, YEAR = slice(0, 3), slice(0, 12)


def _cells(factors: Numbers, seed: int = 1, units: float = 300.0) -> Cells:
    """Three products at all ages, of which a fourth that is new has seen the youngest only."""
    exposure = np.full((24, 4, 7), units)
    exposure[:, 3, 1:] = 0
    rates = factors[:24, None, None] * np.append(PRODUCTS, 1.0)[:, None] * AGES
    return Cells(np.random.default_rng(seed).poisson(exposure * rates).astype(float), exposure, np.full((12, 4, 7), units), (0, 0, 1, 1))


def _share(expected: Outlook, effect: str) -> float:
    return float(sum(weight for weight, setting in zip(expected.weights, SETTINGS, strict=True) if getattr(setting, effect) > 0))


def test_a_steady_fleet_is_expected_to_go_on() -> None:
    cells = _cells(np.ones(36))
    expected = outlook(cells, [QUARTER, YEAR])
    truth = 300 * 3 * AGES.sum() * (PRODUCTS.sum() + 1)
    assert expected.mean.tolist() == pytest.approx([truth, 4 * truth], rel=0.06)
    assert max(_share(expected, effect) for effect in ("walk", "slope", "wave", "shock")) < 0.5
    assert _share(expected, "age") > 0.99
    assert course(expected, 24).trend == "Rates are stable; all months count equally."


def test_ages_a_product_has_not_reached_have_the_shape_of_the_others() -> None:
    rate = outlook(_cells(np.ones(36)), [YEAR]).rate[0, 3]
    assert (rate / rate[0]).tolist() == pytest.approx((AGES / AGES[0]).tolist(), rel=0.25)


@pytest.mark.parametrize(("change", "words"), [(0.02, "rising"), (-0.02, "falling")])
def test_a_drift_goes_on_ever_more_slowly(change: float, words: str) -> None:
    factors = (1 + change) ** (MONTHS - 24.0)
    expected = outlook(_cells(factors), [slice(0, 1), slice(11, 12)])
    assert _share(expected, "slope") > 0.9
    assert expected.slope == pytest.approx(change, abs=0.008)
    goes_on = expected.mean[1] / expected.mean[0]
    assert abs(np.log(goes_on)) < abs(np.log(factors[35] / factors[24]))
    assert words in course(expected, 24).trend


def test_a_season_is_seen_in_two_years_and_told() -> None:
    wave = 1 + 0.4 * np.cos(2 * np.pi * MONTHS / 12)
    expected = outlook(_cells(wave), [slice(month, month + 1) for month in range(12)])
    assert (expected.mean / expected.mean.mean()).tolist() == pytest.approx((wave[24:] / wave[24:].mean()).tolist(), abs=0.12)
    assert _share(expected, "wave") > 0.99
    assert course(expected, 24).season.startswith("Seasonal pattern applied")


def test_a_record_that_begins_late_does_not_bend_what_follows() -> None:
    begun = np.where(MONTHS < 12, 0.1, 1.0)
    known, unknown = (outlook(_cells(begun)._replace(jump=jump), [YEAR]) for jump in (12, 0))
    truth = 12 * 300 * AGES.sum() * (PRODUCTS.sum() + 1)
    assert known.mean[0] == pytest.approx(truth, rel=0.08)
    assert known.variance[0] < unknown.variance[0] / 4


def test_months_that_differ_by_more_than_chance_widen_what_follows() -> None:
    shocks = np.random.default_rng(4).gamma(16, 1 / 16, 36)
    shocked, steady = (outlook(_cells(factors), [slice(0, 1)]) for factors in (shocks, np.ones(36)))
    assert _share(shocked, "shock") > 0.9
    assert (shocked.variance / shocked.mean**2)[0] > 3 * (steady.variance / steady.mean**2)[0]
    assert "more than expected by chance" in course(shocked, 24).variation


def test_of_a_few_months_little_is_said() -> None:
    cells = _cells(np.ones(36))
    words = course(outlook(cells._replace(events=cells.events[:4], exposure=cells.exposure[:4]), [QUARTER]), 4)
    assert [sentence.split(" to ")[0] for sentence in words] == [
        "Too little history",
        "Too little history",
        "4 months of history are too few",
    ]


def test_effects_are_the_most_probable_ones() -> None:
    """Against a general minimiser of the same penalised likelihood, cell by cell."""
    cells = _cells(np.ones(36), units=30.0)
    precision, logdet = regression._precision(cells, regression._effects(24, 12, 0, 0))
    fitted = regression._fit(cells, precision, logdet)

    def loss(effects: Numbers) -> float:
        rate = effects[11:, None, None] + effects[:4, None] + effects[4:11]
        return float(np.sum(np.exp(rate) * cells.exposure - cells.events * rate) + effects @ precision[-1] @ effects / 2)

    free = optimize.minimize(loss, fitted.effects[-1] + 0.01, method="L-BFGS-B", options={"maxiter": 500, "maxfun": 100_000})
    assert loss(fitted.effects[-1]) <= free.fun + 1e-3
