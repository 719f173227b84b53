"""Seasons, found only where they are."""

import numpy as np
import pytest
from musterroll.domain.capacity import demand
from musterroll.domain.capacity.demand import PastPeriod
from musterroll.domain.capacity.seasons import seasonal_naive, seasons

MONTHS = np.arange(60)
WAVE = 1 + 0.4 * np.sin(2 * np.pi * MONTHS / 12)


def _history(means: np.ndarray, seed: int = 1, exposure: float = 100.0) -> list[PastPeriod]:
    return [PastPeriod(float(n), exposure) for n in np.random.default_rng(seed).poisson(means)]


def test_the_baseline_is_the_same_month_a_season_ago() -> None:
    year = [float(n) for n in range(12)]
    assert seasonal_naive(year * 2, 15) == (year * 2)[:15]


def test_a_season_is_found_and_its_factors_are_near_the_truth() -> None:
    found = seasons(_history(200 * WAVE[:48]), 12)
    assert found.present
    assert found.error is not None
    assert found.naive_error is not None
    assert found.error < found.naive_error
    assert found.factors == pytest.approx(WAVE[48:].tolist(), abs=0.06)
    assert np.mean(found.past) == pytest.approx(1.0)
    assert np.all(np.abs(np.log(found.factors / WAVE[48:])) < 4 * np.sqrt(np.diag(found.doubt)))


def test_a_season_of_a_single_month_is_told_by_the_one_before() -> None:
    peaks = np.where(MONTHS % 12 == 3, 2.0, 1.0)
    found = seasons(_history(400 * peaks[:48]), 12)
    assert found.present
    assert "of last year" in found.words
    assert found.factors[3] / np.mean(found.factors[4:]) == pytest.approx(2.0, rel=0.1)


def test_chance_alone_hardly_ever_makes_a_season() -> None:
    assert sum(seasons(_history(np.full(48, 60.0), seed), 3).present for seed in range(60)) <= 1


def test_less_than_three_seasons_tell_none() -> None:
    found = seasons(_history(200 * WAVE[:35]), 3)
    assert (found.present, found.factors, len(found.past), found.error) == (False, (1.0, 1.0, 1.0), 35, None)
    assert "too few" in found.words


def test_what_a_season_explains_is_not_held_against_the_months() -> None:
    history = _history(200 * WAVE[:48])
    assert demand.dispersion(history).variance > 0.05
    assert demand.dispersion(seasons(history, 3).adjusted(history)).variance < 0.005
