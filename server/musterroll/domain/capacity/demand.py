"""Expected incidents: gamma-Poisson, so that the band includes both the uncertainty of the rate and chance."""

from collections.abc import Sequence

from musterroll.domain.capacity.counts import Predictive
from musterroll.domain.capacity.rates import Gamma


def predict(believed: Gamma, coming: Sequence[float]) -> Predictive:
    """The count over all of `coming` (exposure by month) together: negative binomial (Greenwood & Yule 1920, JRSS 83). Months share the
    rate, so ask for a quarter as a whole and do not add up its months.

    >>> one = predict(Gamma(20.5, 1000.0), [500.0])
    >>> round(one.mean, 2), round(one.variance, 3), one.low80, one.high80
    (10.25, 15.375, 5, 14)
    """
    mean = believed.mean * sum(coming)
    return Predictive(mean, mean + believed.variance * sum(coming) ** 2)
