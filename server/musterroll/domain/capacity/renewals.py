"""Contract renewals, and the revenue that depends on them and on operating units."""

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from scipy import special

from musterroll.domain.capacity.amounts import PredictedAmount
from musterroll.domain.capacity.counts import Predictive
from musterroll.domain.capacity.handling import handling
from musterroll.domain.capacity.rates import Proportion, wilson

_JEFFREYS = 0.5


class RenewalRisk(StrEnum):
    SILENT = "silent"
    DECLINING = "declining"


def renewal_rate(renewed: int, due: int, level: float = 0.95) -> Proportion:
    """Renewed / due with Wilson's interval."""
    return wilson(renewed, due, level)


def renewals(renewed: int, due: int, coming: int) -> Predictive:
    """How many of `coming` contracts will be renewed: beta-binomial (Skellam 1948, JRSS B 10), Jeffreys' prior."""
    return beta_binomial(renewed + _JEFFREYS, due - renewed + _JEFFREYS, coming)


def beta_binomial(a: float, b: float, coming: int) -> Predictive:
    """How many of `coming` are renewed, where the share that is renewed has a beta distribution."""
    k = np.arange(coming + 1)
    log_mass = special.betaln(a + k, b + coming - k) - special.betaln(k + 1, coming - k + 1) - np.log(coming + 1) - special.betaln(a, b)
    mass = np.exp(log_mass)
    share = a / (a + b)
    variance = coming * share * (1 - share) * (a + b + coming) / (a + b + 1)
    return Predictive(coming * share, variance, np.cumsum(mass) / mass.sum())


def renewed_revenue(renewed: int, due: int, values: Sequence[float]) -> PredictedAmount:
    """Revenue of contracts with these annual values (in one currency), renewed at the observed rate."""
    a, b = renewed + _JEFFREYS, due - renewed + _JEFFREYS
    share, spread = a / (a + b), a * b / ((a + b) ** 2 * (a + b + 1))
    whole, squares = sum(values), sum(value**2 for value in values)
    each = share * (1 - share) - spread
    return PredictedAmount(share * whole, spread * whole**2 + each * squares, whole)


def risk(operating: int, operating_before: int, deployed: int) -> RenewalRisk | None:
    """The risk to an account's next renewal: most deployed units are silent, or a fifth fewer operate than before."""
    if deployed and operating * 2 < deployed:
        return RenewalRisk.SILENT
    return RenewalRisk.DECLINING if operating_before > 0 and operating * 5 <= operating_before * 4 else None


def usage_revenue(unit_months: float, per_unit_month: Sequence[float]) -> PredictedAmount | None:
    """Usage-based revenue: coming unit-months times revenue per unit-month, sampled from the past (in one currency); None without a
    sample."""
    each = handling(per_unit_month)
    if each is None:
        return None
    return PredictedAmount(unit_months * each.mean, unit_months * each.spread**2 + unit_months**2 * each.error**2)
