"""A Weibull speaks only where it fits, and of the second year only where too few were seen."""

import numpy as np
import pytest
from musterroll.domain.capacity import life_fit, survival
from musterroll.domain.capacity.survival import UnitLife


def seen(ages: np.ndarray, until: float) -> list[UnitLife]:
    return [UnitLife(0, float(min(age, until)), bool(age < until)) for age in ages]


def early_failures(seed: int, units: int = 6000) -> np.ndarray:
    """6 % are bad and fail in the first months, the rest at 1 % a year."""
    rng = np.random.default_rng(seed)
    return np.where(rng.random(units) < 0.06, rng.exponential(40, units), rng.exponential(36_500, units))


def test_the_second_year_is_what_was_seen_where_enough_were_seen() -> None:
    ages = early_failures(1)
    lives = seen(ages, 900)
    found = life_fit.second_year(lives, survival.kaplan_meier(lives))
    assert found is not None
    alive = int((ages >= 365).sum())
    share = ((ages > 365) & (ages <= 730)).sum() / alive  # nobody is censored before 900 days: a plain share
    assert found[0] == pytest.approx(share, rel=1e-9)
    assert found[3] == alive
    assert found[1] < share < found[2]
    assert found[2] - found[1] == pytest.approx(2 * 1.96 * (share * (1 - share) / alive) ** 0.5, rel=0.05)
    said = life_fit.text(lives, survival.kaplan_meier(lives))
    assert f"Of {alive:,} units seen at one year, {100 * share:.2f} % failed in the following year (Kaplan-Meier" in said
    assert "expected to fail" not in said


def test_a_weibull_that_does_not_fit_is_not_used() -> None:
    lives = seen(early_failures(2), 900)
    one = survival.weibull(lives)
    assert one is not None
    assert (life_fit.goodness(lives, one) or 0) < 0.001
    assert len(life_fit.fit(lives).parts) != 1
    assert "No Weibull" in (said := life_fit.text(lives, survival.kaplan_meier(lives))) or "two do" in said


def test_the_chance_of_a_worse_fit_is_even_where_the_weibull_is_true() -> None:
    chances = []
    for seed in range(200):
        lives = seen(1000 * np.random.default_rng(seed).weibull(1.8, 400), 900)
        fitted = survival.weibull(lives)
        assert fitted is not None
        chances.append(life_fit.goodness(lives, fitted) or 0)
    assert 0.0 <= np.mean(np.array(chances) < 0.05) < 0.11
    assert 0.4 < np.mean(chances) < 0.65


def test_two_parts_are_found_where_early_life_and_wear_out_differ() -> None:
    rng = np.random.default_rng(5)
    early, late = 8000 * rng.weibull(0.6, 4000), 1200 * ((300 / 1200) ** 4 + rng.exponential(1, 4000)) ** (1 / 4)
    found = life_fit.fit(seen(np.where(early < 300, early, late), 1300))
    (_, first), (age, then) = found.parts
    assert first.shape_high < 1 < then.shape_low
    assert 150 < age < 700
    assert found.chance is not None
    assert found.chance >= 0.01


def test_few_units_are_spoken_of_by_the_weibull_with_its_reason() -> None:
    lives = seen(300 * np.random.default_rng(4).weibull(1.5, 40), 700)
    assert "so this is the Weibull's estimate" in life_fit.text(lives, survival.kaplan_meier(lives))
    assert life_fit.text([], []).startswith("Too few failures")
