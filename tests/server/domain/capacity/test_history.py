"""When the log of incidents begins: quiet months are unknown only where the same products at the same ages were never quiet since."""

import numpy as np
import pytest
from musterroll.domain.capacity.ageing import AGE_BANDS
from musterroll.domain.capacity.history import log_start, suspected_start

MONTHS = 36


def by_band(month_and_age: np.ndarray) -> np.ndarray:
    band = np.searchsorted(AGE_BANDS, np.arange(MONTHS), side="right") - 1
    return np.stack([month_and_age[:, band == number].sum(axis=1) for number in range(len(AGE_BANDS))], axis=1)


def fleet(
    seed: int, rate: float, units: int = 1000, log_from: int = 0, worse_from: int = MONTHS, times: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Unit-months and incidents of a product that is sold evenly."""
    lived = np.tile((np.arange(MONTHS) < 24) * units / 24, (MONTHS, 1))
    months = np.arange(MONTHS)
    rates = rate * np.where(months >= worse_from, times, 1.0) * (months >= log_from)
    return lived, by_band(np.random.default_rng(seed).poisson(lived * rates[:, np.newaxis]))


def cohort(seed: int, shape: float, scale: float, units: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    """Of units that were all installed in the first month, until each fails: Weibull, in months."""
    fails = scale * np.random.default_rng(seed).weibull(shape, units)
    lived, failed = np.zeros((MONTHS, MONTHS)), np.zeros((MONTHS, MONTHS))
    for month in range(MONTHS):
        lived[month, month] = (fails > month).sum()
        failed[month, month] = ((fails > month) & (fails <= month + 1)).sum()
    return lived, by_band(failed)


@pytest.mark.parametrize("seed", range(5))
def test_it_begins_where_the_ticket_system_was_introduced(seed: int) -> None:
    assert log_start([fleet(seed, 0.02, log_from=14), fleet(seed + 9, 0.005, log_from=14)]) == 14


@pytest.mark.parametrize("times", [3, 5, 9])
def test_a_product_that_fails_more_than_before_leaves_earlier_months_known(times: float) -> None:
    for seed in range(5):
        worse = [fleet(seed, 0.01, worse_from=20, times=times + 1)]
        assert (log_start(worse), abs(suspected_start(worse) - 20) <= 1) == (0, True)  # said as a question
        assert log_start([fleet(seed, 0.002, worse_from=20, times=40), fleet(seed + 9, 0.01)]) == 0  # one product only


@pytest.mark.parametrize(("shape", "scale"), [(3.0, 30.0), (4.0, 40.0), (6.0, 36.0), (8.0, 45.0)])
def test_months_without_failures_of_a_young_cohort_are_known(shape: float, scale: float) -> None:
    assert {log_start([cohort(seed, shape, scale)]) for seed in range(5)} == {0}


def test_few_incidents_say_nothing_of_the_months_before() -> None:
    lived, events = fleet(1, 0.0)
    events[-1, 0] = 1
    assert log_start([(lived, events)]) == 0
    assert log_start([fleet(1, 0.0)]) == MONTHS
    assert log_start([]) == 0
