"""Survival and Weibull against figures of lifelines 0.30.3 and against the likelihood itself."""

from math import exp, log

import numpy as np
import pytest
from musterroll.domain.capacity import survival
from musterroll.domain.capacity.survival import UnitLife, Weibull

LEFT = (50, 120, 120, 400, 300, 180, 600, 500, 700, 700, 450, 90)
FAILED = (1, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1, 0)
ENTERED = (0, 0, 0, 0, 100, 100, 250, 250, 0, 0, 300, 0)
FROM_BIRTH = [UnitLife(0, left, bool(failed)) for left, failed in zip(LEFT, FAILED, strict=True)]
LATE = [UnitLife(entered, left, bool(failed)) for entered, left, failed in zip(ENTERED, LEFT, FAILED, strict=True)]


def test_survival_equals_lifelines() -> None:
    assert survival.kaplan_meier(FROM_BIRTH) == [
        pytest.approx(step, abs=1e-12)
        for step in (
            (50, 12, 1, 0.9166666666666667, 0.5389771805707405, 0.9878255654004581),
            (120, 10, 1, 0.8250000000000001, 0.46094567705283446, 0.9533403904972328),
            (300, 7, 1, 0.7071428571428572, 0.3288944698315819, 0.8976438113160389),
            (400, 6, 1, 0.5892857142857143, 0.23052065298055133, 0.8264705144282383),
            (450, 5, 1, 0.4714285714285715, 0.15023493613046482, 0.7420624659466841),
            (600, 3, 1, 0.3142857142857142, 0.05545190006381938, 0.6292642178383325),
            (700, 2, 1, 0.1571428571428571, 0.008643602333042042, 0.48633785892870124),
        )
    ]


def test_units_seen_from_a_later_age_are_at_risk_from_then_on() -> None:
    assert survival.kaplan_meier(LATE) == [
        pytest.approx(step, abs=1e-12)
        for step in (
            (50, 7, 1, 0.8571428571428572, 0.3340538792922218, 0.9785610585261756),
            (120, 7, 1, 0.7346938775510204, 0.29100433634095796, 0.9258901454831704),
            (300, 6, 1, 0.6122448979591837, 0.2167768156809199, 0.854326460133187),  # the unit that enters at 300 not yet
            (400, 6, 1, 0.5102040816326531, 0.16508108964484725, 0.7777100160212168),
            (450, 5, 1, 0.40816326530612246, 0.1136594008086263, 0.6912457336201228),
            (600, 3, 1, 0.2721088435374149, 0.04526497753936346, 0.5785048692053935),
            (700, 2, 1, 0.13605442176870744, 0.007558527827430613, 0.44286681036352443),
        )
    ]


def test_alike_units_may_be_told_as_one_life() -> None:
    one_by_one = [UnitLife(0, 10, True)] * 3 + [UnitLife(5, 20, False)] * 4 + [UnitLife(0, 15, True)] * 2
    together = [UnitLife(0, 10, True, 3), UnitLife(5, 20, False, 4), UnitLife(0, 15, True, 2)]
    assert survival.kaplan_meier(together) == survival.kaplan_meier(one_by_one)
    assert survival.weibull(together) == pytest.approx(survival.weibull(one_by_one))


def test_nothing_survives_the_failure_of_all_that_are_left() -> None:
    first, last = survival.kaplan_meier([UnitLife(0, 1, True), UnitLife(0, 2, True)])
    assert (last.survival, last.low, last.high) == (0.0, 0.0, first.high)
    assert survival.kaplan_meier([]) == survival.kaplan_meier([UnitLife(0, 9, False)]) == []


@pytest.mark.parametrize(
    ("lives", "shape", "scale"),
    [(FROM_BIRTH, 1.6244699023418847, 553.0804862677273), (LATE, 1.369915470808926, 485.88051029203507)],
)
def test_the_weibull_equals_lifelines_as_far_as_that_searches(lives: list[UnitLife], shape: float, scale: float) -> None:
    found = survival.weibull(lives)
    assert found is not None
    assert (found.shape, found.scale, found.failures) == pytest.approx((shape, scale, 7), rel=1e-6)


def test_no_shape_and_scale_near_the_weibulls_are_likelier_and_its_interval_is_that_of_the_curvature() -> None:
    found = survival.weibull(LATE)
    assert found is not None
    best, step = _log_likelihood(found.shape, found.scale), 1e-3
    around = [(k, s) for k in (-step, 0, step) for s in (-step, 0, step) if k or s]
    assert all(_log_likelihood(found.shape * exp(k), found.scale * exp(s)) < best for k, s in around)
    second = [[_second(found, i, j, step) for j in (0, 1)] for i in (0, 1)]
    error = np.sqrt(np.diag(np.linalg.inv(-np.array(second))))
    assert log(found.shape_high / found.shape) / 1.959964 == pytest.approx(error[0], rel=1e-4)
    assert log(found.scale_high / found.scale) / 1.959964 == pytest.approx(error[1], rel=1e-4)


def test_the_weibull_finds_what_made_the_failures() -> None:
    rng = np.random.default_rng(7)
    ages = 1000 * rng.weibull(2.5, 5000)
    seen_from, seen_to = rng.uniform(0, 400, 5000), 900.0
    lives = [UnitLife(e, min(a, seen_to), bool(a < seen_to)) for e, a in zip(seen_from, ages, strict=True) if a > e]
    found = survival.weibull(lives)
    assert found is not None
    assert found.shape_low < 2.5 < found.shape_high
    assert found.scale_low < 1000 < found.scale_high
    assert found.shape_high / found.shape_low < 1.2


@pytest.mark.parametrize(
    "lives",
    [
        [],
        [UnitLife(0, 9, False)],
        [UnitLife(0, 9, True)],
        [UnitLife(0, 9, True), UnitLife(0, 9, True)],
        [UnitLife(9, 9, True), UnitLife(0, 5, True)],
    ],
)
def test_too_few_failures_give_no_shape(lives: list[UnitLife]) -> None:
    assert survival.weibull(lives) is None
    assert survival.weibull_text(None).startswith("Too few")


@pytest.mark.parametrize(
    ("shape", "low", "high", "begins"),
    [
        (2.0, 1.5, 2.6, "Wear-out"),
        (0.5, 0.4, 0.7, "Early failures"),
        (1.2, 0.9, 1.6, "No clear effect"),
        (1.0, 0.97, 1.03, "Constant"),
        (1.02, 1.01, 1.03, "Constant"),
    ],
)
def test_the_reading_says_no_more_than_the_interval(shape: float, low: float, high: float, begins: str) -> None:
    assert survival.weibull_text(Weibull(shape, 900.0, low, high, 800.0, 1000.0, 40)).startswith(begins)


def test_the_chance_to_fail_within_a_horizon_is_of_those_alive() -> None:
    wears = Weibull(2.0, 1000.0, 1.5, 2.5, 900.0, 1100.0, 50)
    assert survival.failure_probability(wears, 0, 1000) == pytest.approx(1 - exp(-1))
    assert survival.failure_probability(wears, 500, 100) == pytest.approx(1 - exp(0.25 - 0.36))
    assert survival.failure_probability(wears._replace(shape=1.0), 0, 30) == pytest.approx(
        survival.failure_probability(wears._replace(shape=1.0), 700, 30)
    )


def _log_likelihood(shape: float, scale: float) -> float:
    failed = sum(log(shape / scale) + (shape - 1) * log(life.left_at_age / scale) for life in LATE if life.failed)
    return failed - sum((life.left_at_age / scale) ** shape - (life.entered_at_age / scale) ** shape for life in LATE)


def _second(found: Weibull, i: int, j: int, step: float) -> float:
    def at(first: int, second: int) -> float:
        moved = [0.0, 0.0]
        moved[i] += first * step
        moved[j] += second * step
        return _log_likelihood(found.shape * exp(moved[0]), found.scale * exp(moved[1]))

    return (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * step * step)


def test_a_life_ends_with_the_last_evidence_of_it() -> None:
    assert survival.life(100, 100, 600, None) == UnitLife(0, 500, False)
    assert survival.life(100, 150, 600, 400) == UnitLife(50, 300, True)
    assert survival.life(100, 150, 600, 610) == UnitLife(50, 510, True)  # the incident after its last report is evidence too
    assert survival.life(100, 150, 600, 120) == UnitLife(50, 500, False)  # before it was under observation
