"""Forecasts of renewals are what pandas and scipy's beta-binomial make of the same quarters; their ranges hold on simulated books."""

import random

import numpy as np
import pandas as pd
import pytest
from musterroll.domain.capacity.backtest import verdict
from musterroll.domain.capacity.renewal_forecast import QuarterCount, count_forecast, past_counts, past_values, value_forecast
from scipy import stats


def quarters(seed: int, spread: float = 0.1, count: int = 12) -> list[list[tuple[float, float]]]:
    """The terms of each quarter: annual value, and what renewals kept; the share renewed differs from quarter to quarter."""
    dice, book = random.Random(seed), []
    for _ in range(count):
        share = min(max(dice.gauss(0.8, spread), 0), 1)
        worths = [dice.uniform(100, 1000) for _ in range(dice.randint(15, 40))]
        book.append([(worth, worth * dice.choice([1, 1, 0.8]) if dice.random() < share else 0.0) for worth in worths])
    return book


def counts(book: list[list[tuple[float, float]]]) -> list[QuarterCount]:
    return [QuarterCount(len(terms), sum(kept > 0 for _, kept in terms)) for terms in book]


@pytest.mark.parametrize("seed", range(3))
def test_the_number_renewed_is_a_beta_binomial_by_moments(seed: int) -> None:
    book = quarters(seed)
    frame = pd.DataFrame(counts(book))
    share = (frame.renewed.sum() + 0.5) / (frame.due.sum() + 1)
    chance = share * (1 - share)
    between = max(0, np.average((frame.renewed / frame.due - share) ** 2 - chance / frame.due, weights=frame.due))
    strength = chance / (chance / (frame.due.sum() + 2) + between) - 1
    expected = stats.betabinom(50, share * strength, (1 - share) * strength)
    forecast = count_forecast(counts(book), 50)
    assert forecast is not None
    assert forecast.mean == pytest.approx(expected.mean())
    assert [forecast.cdf(n) for n in range(51)] == pytest.approx(expected.cdf(range(51)), abs=1e-9)
    assert expected.cdf(forecast.high80) - expected.cdf(forecast.low80 - 1) >= 0.8


@pytest.mark.parametrize("seed", range(3))
def test_the_value_renewed_has_the_mean_and_variance_of_its_terms(seed: int) -> None:
    book, coming = quarters(seed), [500.0, 250.0, 900.0]
    frame = pd.DataFrame([(n, *term) for n, terms in enumerate(book) for term in terms], columns=["quarter", "worth", "kept"])
    prior = pd.DataFrame({"worth": [frame.worth.mean()] * 2, "kept": [frame.worth.mean(), 0], "weight": 0.5})
    both = pd.concat([frame.assign(weight=1.0), prior])
    share = (both.kept * both.weight).sum() / (both.worth * both.weight).sum()
    spread = np.average((both.kept / both.worth - share) ** 2, weights=both.weight)
    sums = frame.assign(square=frame.worth**2).groupby("quarter")[["worth", "kept", "square"]].sum()
    excess = (sums.kept / sums.worth - share) ** 2 - spread * sums.square / sums.worth**2
    variance = spread * (frame.worth**2).sum() / frame.worth.sum() ** 2 + max(0, np.average(excess, weights=sums.worth))
    forecast = value_forecast(book, coming)
    assert forecast is not None
    assert forecast.mean == pytest.approx(share * sum(coming))
    assert forecast.variance == pytest.approx(variance * sum(coming) ** 2 + spread * sum(worth**2 for worth in coming))


def test_the_ranges_hold_in_about_four_of_five_simulated_quarters() -> None:
    numbers = [row for seed in range(25) for row in past_counts(counts(quarters(seed, count=16)))[3:]]
    values = [row for seed in range(25) for row in past_values(quarters(seed, count=16))[3:]]
    for rows in (numbers, values):
        assert 0.7 < sum(row.within80 for row in rows) / len(rows) < 0.93
        assert sum(row.within95 for row in rows) / len(rows) > 0.9


def test_too_few_terms_tell_nothing() -> None:
    few = [QuarterCount(4, 4), QuarterCount(5, 5)]
    assert count_forecast(few, 10) is None
    assert value_forecast([[(100.0, 100.0)] * 9], [100.0]) is None
    assert past_counts(few) == past_values([[(100.0, 100.0)] * 9]) == []
    certain = count_forecast([QuarterCount(10, 10)], 10)
    assert certain is not None
    assert certain.low95 < 10  # none was lost yet, which does not make it impossible
    judged = verdict(past_counts([QuarterCount(10, 9)] * 4))
    assert judged is not None
    assert judged.grade == "too few to tell"
