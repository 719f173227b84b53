"""What would have been said, against what happened."""

import pytest
from musterroll.domain.capacity import backtest
from musterroll.domain.capacity.backtest import BacktestRow, Grade
from musterroll.domain.capacity.counts import Predictive


def _row(actual: float, mean: float = 10.0, naive: float = 12.0, three_months: float | None = None) -> BacktestRow:
    return BacktestRow(0, mean, mean - 2, mean + 2, mean - 4, mean + 4, actual, naive, 1.0, three_months)


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
    result = backtest.verdict([_row(10)] * 7 + [_row(13)] * 2 + [_row(15)])
    assert result is not None
    assert (result.held80.successes, result.held95.successes, result.rows) == (7, 9, 10)
    assert result.error == pytest.approx((2 * 3 + 5) / 10)
    assert result.naive_error == result.best_error == pytest.approx((7 * 2 + 2 * 1 + 3) / 10)
    assert result.relative_error == pytest.approx(11 / 19)
    assert (result.grade, result.reliable, result.word) == (Grade.GOOD, True, "confirmed")
    assert "within expectation" in result.words
    assert "42 % smaller than that of the best simple estimate (same period last year)" in result.words
    assert backtest.verdict([]) is None


def test_the_error_is_set_beside_that_of_the_best_simple_estimate() -> None:
    result = backtest.verdict([_row(10.0, mean=13.0, naive=40.0, three_months=11.0)] * 12)
    assert result is not None
    assert (result.best_baseline, result.best_error, result.relative_error) == ("fleet at the rate of the last 3 months", 1.0, 3.0)
    assert result.beaten
    assert (result.reliable, result.word) == (False, "failed")
    assert "200 % larger" in result.words
    assert "smaller" not in result.words


@pytest.mark.parametrize(("periods", "word", "advised"), [(9, "unproven", False), (20, "failed", True)])
def test_a_simple_estimate_that_was_nearer_for_a_few_periods_proves_nothing(periods: int, word: str, advised: bool) -> None:
    result = backtest.verdict([_row(11.0, naive=11.5)] * periods)
    assert result is not None
    assert result.relative_error == pytest.approx(2)
    assert (result.word, result.beaten, "use that instead" in result.words) == (word, advised, advised)


def test_simple_estimates_by_rate_use_the_fleet_and_nothing_of_the_stretch_itself() -> None:
    actual, fleet = [10.0] * 9 + [20.0] * 3 + [999.0], [100.0] * 12 + [5000.0]
    (row,) = backtest.rolling_origin(actual, lambda _: Predictive(1.0, 1.0), first=12, exposure=fleet)
    assert row.baselines == pytest.approx((10.0, 60 / 300 * 100, 150 / 1200 * 100))
    (known,) = backtest.rolling_origin(actual, lambda _: Predictive(1.0, 1.0), first=12, exposure=fleet, known_ahead=True)
    assert known.baselines == pytest.approx((10.0, 60 / 300 * 5000, 150 / 1200 * 5000))


def test_a_rate_over_more_months_than_are_known_is_no_simple_estimate() -> None:
    rows = backtest.rolling_origin([5.0] * 8, lambda _: Predictive(5.0, 5.0), first=2, exposure=[10.0] * 8)
    assert [row.three_months for row in rows] == [None, 5.0, 5.0, 5.0, 5.0, 5.0]
    assert list(backtest.baseline_errors(rows)) == ["same period last year"]


@pytest.mark.parametrize(
    ("inside", "between", "outside", "grade"),
    [
        *[(4, 0, 0, Grade.FEW), (3, 1, 0, Grade.FEW), (2, 0, 2, Grade.NARROW), (0, 4, 0, Grade.NARROW), (9, 0, 0, Grade.FEW)],
        *[(8, 1, 1, Grade.GOOD), (8, 0, 2, Grade.GOOD), (7, 0, 3, Grade.NARROW), (10, 0, 0, Grade.GOOD), (20, 0, 0, Grade.WIDE)],
    ],
)
def test_a_grade_needs_ten_periods_unless_a_band_failed(inside: int, between: int, outside: int, grade: Grade) -> None:
    result = backtest.verdict([_row(10.0)] * inside + [_row(13.0)] * between + [_row(15.0)] * outside)
    assert result is not None
    assert result.grade is grade
    assert ("within expectation" in result.words) == (grade is Grade.GOOD)


@pytest.mark.parametrize(("actual", "words"), [(13.0, "too narrow"), (10.0, "wider than necessary")])
def test_bands_that_hold_too_little_or_too_much_are_said_to(actual: float, words: str) -> None:
    found = backtest.verdict([_row(actual)] * 40)
    assert found is not None
    assert words in found.words


def test_pinball_loss_is_smaller_for_who_knows_better() -> None:
    good, bad = (backtest.rolling_origin([100.0] * 4, lambda _, m=mean: Predictive(m, m), first=1)[0].pinball for mean in (100.0, 150.0))
    assert good < bad
