"""Spare parts: the smallest sufficient stock until the next delivery."""

from typing import NamedTuple

from musterroll.domain.capacity.counts import Predictive
from musterroll.domain.capacity.demand import predict
from musterroll.domain.capacity.rates import Gamma


class Spares(NamedTuple):
    """`ready`: the chance that the stock suffices over the lead time; `fill`: the share of demands expected to be met from it."""

    stock: int
    ready: float
    fill: float
    demand_mean: float


def stock(units: float, rate_per_year: float | Gamma, lead_days: float, target: float) -> Spares:
    """The smallest stock with P(demand over the lead time <= stock) >= target, for so many units at a rate in replacements per unit-year
    (Palm 1938; Sherbrooke 1968, Operations Research 16). Demand is Poisson for a known rate, negative binomial for an uncertain one.

    >>> stock(500, 0.0257, 60, 0.95).stock, stock(500, 0.0257, 60, 0.99).stock
    (5, 6)
    """
    exposure = units * lead_days / 365
    if isinstance(rate_per_year, Gamma):
        return stock_for(predict(rate_per_year, [exposure]), target)
    return stock_for(Predictive(exposure * rate_per_year, exposure * rate_per_year), target)


def stock_for(demand: Predictive, target: float) -> Spares:
    """The smallest stock for a predicted demand over the lead time."""
    if not 0 < target < 1:
        raise ValueError("a target lies between 0 and 1")
    held = demand.quantile(target)
    missed = demand.mean - sum(1 - demand.cdf(k) for k in range(held))
    fill = 1 - max(0.0, missed) / demand.mean if demand.mean > 0 else 1.0
    return Spares(held, demand.cdf(held), fill, demand.mean)
