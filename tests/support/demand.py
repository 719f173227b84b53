"""Demand of a product family as a whole."""

from collections.abc import Sequence

from musterroll.domain.capacity.counts import Predictive
from musterroll.domain.capacity.demand import BY_CHANCE, Dispersion, ProductDemand, moments, widened
from musterroll.domain.capacity.rates import Prior


def family_demand(parts: Sequence[ProductDemand], prior: Prior, beyond: Dispersion = BY_CHANCE) -> Predictive:
    """The count over all parts of a family and all their months together."""
    sums = moments(parts, prior)
    return widened([float(month) for month in sums.mean], sums.spread_of_whole, beyond)
