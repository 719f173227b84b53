"""What would have been said, against what happened."""

import pytest
from musterroll.domain.capacity import backtest
from musterroll.domain.capacity.backtest import BacktestRow
from musterroll.domain.capacity.counts import Predictive


def _row(actual: float, said: float = 10.0, naive: float = 12.0) -> BacktestRow:
    return BacktestRow(0, said, said - 2, said + 2, said - 4, said + 4, actual, naive, 1.0)


def test_each_stretch_is_told_from_what_came_before_it() -> None:
    asked: list[int] = []

    def predicted(origin: int) -> Predictive:
        asked.append(origin)
        return Predictive(30.0, 30.0)

    actual = [10.0, 12.0, 8.0, 9.0, 11.0, 10.0, 13.0, 7.0]
    rows = backtest.rolling_origin(actual, predicted, first=2, horizon=3)
    assert asked == [2, 5]
    assert [(row.period, row.actual, row.naive) for row in rows] == [(2, 28.0, 36.0), (5, 30.0, 33.0)]
    assert rows[0].within80
    assert rows[0].low95 < rows[0].low80 < rows[0].mean < rows[0].high80 < rows[0].high95


def test_the_baseline_is_a_season_ago_once_there_is_one() -> None:
    rows = backtest.rolling_origin([1.0, 2.0, 3.0, 4.0, 9.0], lambda _: Predictive(1.0, 1.0), first=4, period=4)
    assert [row.naive for row in rows] == [1.0]


def test_a_verdict_counts_what_held_and_sets_the_error_beside_the_baselines() -> None:
    found = backtest.verdict([_row(10)] * 7 + [_row(13)] * 2 + [_row(15)])
    assert found is not None
    assert (found.held80.successes, found.held95.successes, found.rows) == (7, 9, 10)
    assert found.error == pytest.approx((2 * 3 + 5) / 10)
    assert found.naive_error == pytest.approx((7 * 2 + 2 * 1 + 3) / 10)
    assert found.relative_error == pytest.approx(11 / 19)
    assert "within expectation" in found.words
    assert "42 % smaller" in found.words
    assert backtest.verdict([]) is None


@pytest.mark.parametrize(("actual", "words"), [(13.0, "too narrow"), (10.0, "wider than necessary")])
def test_bands_that_hold_too_little_or_too_much_are_said_to(actual: float, words: str) -> None:
    found = backtest.verdict([_row(actual)] * 40)
    assert found is not None
    assert words in found.words


def test_pinball_loss_is_smaller_for_who_knows_better() -> None:
    good, bad = (backtest.rolling_origin([100.0] * 4, lambda _, m=mean: Predictive(m, m), first=1)[0].pinball for mean in (100.0, 150.0))
    assert good < bad
