"""Renewals of a coming quarter from those of past quarters: how many of the terms that end are renewed, and how much of their annual value.

The share renewed differs from quarter to quarter by more than chance in most books, so its variance between quarters is estimated by
moments (as DerSimonian & Laird 1986, Control. Clin. Trials 7) and added to that of the estimate itself. Half a term renewed and half a
term lost are added to what was observed (Jeffreys), so that a book that never lost a term has a range, too.
"""

from collections.abc import Sequence
from typing import NamedTuple

from musterroll.domain.capacity.amounts import PredictedAmount
from musterroll.domain.capacity.backtest import BacktestRow, rolling_origin
from musterroll.domain.capacity.counts import Predictive
from musterroll.domain.capacity.renewals import beta_binomial

FEWEST = 10  # past terms, below which nothing is forecast
_HALF = 0.5
_QUARTERS = 3  # below, nothing is known of how they differ


class QuarterCount(NamedTuple):
    """Terms that ended in a quarter, and those of them that were renewed."""

    due: int
    renewed: int


QuarterTerms = Sequence[tuple[float, float]]  # the priced terms of a quarter: annual value due, and kept by renewals, at most that


def count_forecast(past: Sequence[QuarterCount], coming: int) -> Predictive | None:
    """How many of `coming` terms are renewed; None where too few have ended."""
    due, renewed = sum(quarter.due for quarter in past), sum(quarter.renewed for quarter in past)
    if due < FEWEST:
        return None
    share = (renewed + _HALF) / (due + 2 * _HALF)
    chance = share * (1 - share)
    shares = [(float(quarter.due), quarter.renewed / quarter.due, chance / quarter.due) for quarter in past if quarter.due]
    variance = chance / (due + 2) + _between(shares, share)
    strength = max(chance / min(variance, 0.9 * chance) - 1, 0.1)
    return beta_binomial(share * strength, (1 - share) * strength, coming)


def value_forecast(past: Sequence[QuarterTerms], coming: Sequence[float]) -> PredictedAmount | None:
    """How much of the annual value of `coming` terms is renewed, in one currency; None where too few priced terms have ended."""
    terms = [term for quarter in past for term in quarter if term[0] > 0]
    whole = sum(coming)
    if len(terms) < FEWEST or whole <= 0:
        return None
    due = sum(worth for worth, _ in terms)
    usual = due / len(terms)
    share = (sum(kept for _, kept in terms) + _HALF * usual) / (due + 2 * _HALF * usual)
    spread = _spread(terms, share)
    shares = [_share(quarter, spread) for quarter in past if any(worth > 0 for worth, _ in quarter)]
    of_share = spread * sum(worth**2 for worth, _ in terms) / due**2 + _between(shares, share)
    return PredictedAmount(share * whole, of_share * whole**2 + spread * sum(worth**2 for worth in coming), whole)


def past_counts(quarters: Sequence[QuarterCount]) -> list[BacktestRow]:
    """The forecast of each past quarter from the ones before, against what was renewed."""
    first = next((n for n in range(len(quarters)) if sum(of.due for of in quarters[:n]) >= FEWEST), len(quarters))
    due = [float(quarter.due) for quarter in quarters]
    renewed = [float(quarter.renewed) for quarter in quarters]
    return rolling_origin(
        renewed, lambda n: _known(count_forecast(quarters[:n], quarters[n].due)), first, 1, 4, exposure=due, known_ahead=True
    )


def past_values(quarters: Sequence[QuarterTerms]) -> list[BacktestRow]:
    """The same of the annual value in one currency; quarters without priced terms are left out."""
    priced = [[term for term in quarter if term[0] > 0] for quarter in quarters]
    priced = [quarter for quarter in priced if quarter]
    first = next((n for n in range(len(priced)) if sum(map(len, priced[:n])) >= FEWEST), len(priced))
    due, renewed = ([sum(term[place] for term in quarter) for quarter in priced] for place in (0, 1))

    def predicted(n: int) -> PredictedAmount:
        forecast = value_forecast(priced[:n], [worth for worth, _ in priced[n]])
        assert forecast is not None
        return forecast

    return rolling_origin(renewed, predicted, first, 1, 4, exposure=due, known_ahead=True)


def _known(forecast: Predictive | None) -> Predictive:
    assert forecast is not None
    return forecast


def _spread(terms: QuarterTerms, share: float) -> float:
    """The variance of the share that a term keeps, with half a term kept and half a term lost."""
    squares = sum((kept / worth - share) ** 2 for worth, kept in terms)
    return (squares + _HALF * ((1 - share) ** 2 + share**2)) / (len(terms) + 2 * _HALF)


def _share(quarter: QuarterTerms, spread: float) -> tuple[float, float, float]:
    due = sum(worth for worth, _ in quarter)
    return due, sum(kept for _, kept in quarter) / due, spread * sum(worth**2 for worth, _ in quarter) / due**2


def _between(shares: Sequence[tuple[float, float, float]], share: float) -> float:
    """The variance of the share between quarters. `shares`: the weight of each, its share, and the variance of that by chance alone."""
    if len(shares) < _QUARTERS:
        return 0.0
    whole = sum(weight for weight, _, _ in shares)
    return max(0.0, sum(weight * ((of - share) ** 2 - chance) for weight, of, chance in shares) / whole)
