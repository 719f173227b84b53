"""Usage-based revenue is what pandas makes of the same days and seats; its ranges hold on simulated fleets."""

from datetime import date, timedelta
from random import Random

import numpy as np
import pandas as pd
import pytest
from musterroll.domain.capacity.backtest import verdict
from musterroll.domain.capacity.usage_revenue import past_unit_days, unit_days
from musterroll.domain.contracts.book import BookEntry
from musterroll.usecases.installed_base.stored_days import Day
from musterroll.usecases.installed_base.usage_revenue import prices, unit_days_by_quarter

CELLS = ("000", "001", "010", "011", "100", "101", "110", "111")


def test_unit_days_of_quarters_and_their_growth_are_those_of_pandas() -> None:
    dice, on = Random(4), date(2026, 11, 20)
    days = [Day(on - timedelta(back), {cell: dice.randint(50, 99) for cell in CELLS}) for back in range(900, 0, -1) if back % 40]
    frame = pd.DataFrame([day.cells for day in days], index=pd.DatetimeIndex([day.on for day in days]))
    quarters = (frame["011"] + frame["111"]).resample("QS").agg(["mean", "count"])
    length = pd.Series(quarters.index.days_in_month, index=quarters.index)
    length = pd.Series([(start + pd.DateOffset(months=3) - start).days for start in quarters.index], index=quarters.index)
    complete = quarters[(quarters["count"] >= 0.9 * length) & (quarters.index + pd.DateOffset(months=3) <= pd.Timestamp(on))]
    expected = (complete["mean"] * length[complete.index]).tolist()
    past = unit_days_by_quarter(days, on)
    assert past == pytest.approx(expected)
    growth = np.diff(np.log(expected))
    forecast = unit_days(past)
    assert forecast is not None
    assert forecast.mean == pytest.approx(expected[-1] * np.exp(growth.mean()))
    spread = (growth.var() + 0.05**2 / len(growth)) * (1 + 1 / len(growth))
    assert forecast.variance == pytest.approx(forecast.mean**2 * spread)


def test_too_few_quarters_tell_nothing_and_a_gap_begins_anew() -> None:
    whole = [Day(date(2024, 1, 1) + timedelta(n), dict.fromkeys(CELLS, 1)) for n in range(1000)]
    assert len(unit_days_by_quarter(whole, date(2026, 9, 26))) == 10
    assert len(unit_days_by_quarter([day for day in whole if day.on.year != 2025], date(2026, 9, 26))) == 2
    assert unit_days([1.0, 2.0, 3.0]) is None
    assert unit_days([1.0, 2.0, 0.0, 3.0]) is None


def test_the_price_of_a_day_is_the_value_of_operating_seats_by_their_share() -> None:
    frame = pd.DataFrame({"currency": ["EUR", "EUR", "USD", ""], "price": [100, 50, 80, 0], "seats": [10, 4, 6, 9], "silent": [2, 0, 1, 0]})
    entries = [
        BookEntry(
            1,
            1,
            row.currency,
            row.seats,
            row.seats,
            row.silent,
            0,
            row.price * row.seats * 10_000,
            row.price * row.silent * 10_000,
            0,
            0,
            0,
            0,
            0,
        )
        for row in frame.itertuples()
    ]
    priced = frame[frame.price > 0].assign(operating=lambda of: of.seats - of.silent)
    worth = (priced.price * priced.operating).groupby(priced.currency).sum() / priced.operating.sum() / 365
    assert prices(entries) == pytest.approx(worth.to_dict())


def test_the_ranges_hold_on_simulated_fleets() -> None:
    dice, held, count = np.random.default_rng(5), 0, 0
    for _ in range(40):
        fleet = 1000 * np.exp(np.cumsum(dice.normal(0.02, 0.04, 12)))
        judged = verdict(past_unit_days(fleet.tolist()))
        assert judged is not None
        held, count = held + judged.held80.successes, count + judged.rows
    assert 0.74 <= held / count <= 0.92
