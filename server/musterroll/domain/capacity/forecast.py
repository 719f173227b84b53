"""The incident forecast of a plan: the fleet rolled forward, rates by age, dispersion between months, and season."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from musterroll.domain.capacity.ageing import merged_bands, profile_variance, roll_forward
from musterroll.domain.capacity.counts import Predictive, total
from musterroll.domain.capacity.demand import Dispersion, PastPeriod, ProductDemand, dispersion, moments, widened
from musterroll.domain.capacity.deployments import PACE, coming, doubt
from musterroll.domain.capacity.drift import Drift, drift
from musterroll.domain.capacity.facts import BANDS, PlanFacts, ProductFacts
from musterroll.domain.capacity.rates import Gamma, GroupData, Prior, pooled_prior, posterior, shrunk
from musterroll.domain.capacity.seasons import Seasons, seasonal_naive, seasons

HORIZON = 12  # months
QUARTER = 3
_SPANS = (*(slice(month, month + 1) for month in range(HORIZON)), slice(0, QUARTER), slice(0, HORIZON))
AT_QUARTER, AT_YEAR = HORIZON, HORIZON + 1
_NOTHING = GroupData(0, 1)  # where a kin has no history at all
_SLOWEST = 0.8  # fading further ahead is taken to be no quicker: nobody drifts so for a year
Numbers = NDArray[np.float64]


class AgeRate(NamedTuple):
    """Age bands of a product group, merged if they have too few incidents, with their rate (incidents per unit-month)."""

    bands: range
    events: float
    exposure: float

    @property
    def rate(self) -> float:
        return self.events / self.exposure if self.exposure else 0.0


class Driver(NamedTuple):
    """What a product contributes to the first quarter. `expected`: the incidents that its kin's rates by age would have expected of its
    past; `factor`: how much it differs from them (with 95 % interval); `weight_of_own_data`: the share of its own history in that."""

    product: ProductFacts
    events: float
    exposure: float
    expected: float
    factor: float
    low: float
    high: float
    weight_of_own_data: float
    believed: Gamma
    coming: tuple[float, ...]  # incidents that its kin's rates by age expect, by month
    unit_months: tuple[float, ...]

    def incidents(self, months: float) -> float:
        """Expected in so many coming months."""
        whole = int(months)
        part = self.coming[whole] * (months - whole) if whole < len(self.coming) else 0.0
        return self.factor * (sum(self.coming[:whole]) + part)


class Forecast(NamedTuple):
    """Predicted counts: of each coming month, then (`AT_QUARTER`) of the first three together, then (`AT_YEAR`) of all together; the
    baseline by month; and the drivers."""

    counts: list[Predictive]
    naive: list[float]
    unit_months: list[float]
    drivers: list[Driver]
    ages: dict[str, list[AgeRate]]
    drift: Drift
    dispersion: Dispersion
    season: Seasons
    past: list[PastPeriod]  # by month since the log began: incidents, and those that the rates by kin and age would have expected


class VisitSplit(NamedTuple):
    """Incidents that need a visit and those done at the desk, each forecast by its own rates: they age differently."""

    visits: Forecast
    rest: Forecast

    def both(self, at: int) -> Predictive:
        return total([self.visits.counts[at], self.rest.counts[at]])


class _Kin(NamedTuple):
    """Counts to come of one kin: means and variances of the first month, ..., the last, the quarter, the year; and its means by month."""

    drivers: list[Driver]
    spread: Numbers
    means: Numbers


class _Weights(NamedTuple):
    """What each past month counts for: its incidents fade as rates drift, its exposure too and by its season."""

    events: Numbers
    exposure: Numbers


def forecast(facts: PlanFacts, *, deployments: float = 1.0, retirements: float = 1.0, rate: float = 1.0, skip: int = 0) -> Forecast:
    """Roll the fleet forward for a year and predict its incidents. Factors apply to measured values; `skip` months pass before the first.

    A product's past is its incidents over those expected by the rates by age of its group (indirect standardisation), so that it can be
    better or worse than the group at every age, and is pooled with it while its own data are few. Groups are independent of each
    other, except for what affects a month of all of them.
    """
    return _forecast(_known(facts), _roll(facts, deployments, retirements, skip), rate)


def split(facts: PlanFacts, *, deployments: float = 1.0, retirements: float = 1.0, rate: float = 1.0, skip: int = 0) -> VisitSplit:
    """`forecast` for incidents that need a visit and for those that do not."""
    known, rolled = _known(facts), _roll(facts, deployments, retirements, skip)
    visits = {product.id: _table(product.visits, facts.log_starts) for product in facts.products}
    rest = {product: seen - visits[product] for product, seen in known.seen.items()}
    return VisitSplit(_forecast(known._replace(seen=visits), rolled, rate), _forecast(known._replace(seen=rest), rolled, rate))


def expected(facts: PlanFacts) -> list[PastPeriod]:
    """Each month since the log began: its incidents, and those that the rates by kin and age of the whole log would have expected."""
    return _expected(_known(facts))


class _Known(NamedTuple):
    """Products by kin; of each, incidents and unit-months since the log began, months down and age bands across."""

    kin: dict[str, list[ProductFacts]]
    seen: dict[int, Numbers]
    lived: dict[int, Numbers]
    months: int


class _Rolled(NamedTuple):
    """Unit-months of each product in the coming months by age band, after `skip` months, and their standard deviation where deliveries
    are planned."""

    ahead: dict[int, Numbers]
    doubt: dict[int, Numbers]
    skip: int


def _known(facts: PlanFacts) -> _Known:
    kin: dict[str, list[ProductFacts]] = defaultdict(list)
    for product in facts.products:
        kin[product.kin].append(product)
    start = facts.log_starts
    seen = {product.id: _table(product.events, start) for product in facts.products}
    return _Known(kin, seen, {product.id: _table(product.exposure, start) for product in facts.products}, len(facts.months) - start)


def _table(rows: Sequence[Sequence[float]], start: int) -> Numbers:
    return np.array(rows[start:], dtype=float).reshape(-1, BANDS)


def _roll(facts: PlanFacts, deployments: float, retirements: float, skip: int) -> _Rolled:
    leaving = _leaving(facts.products, len(facts.months)) * retirements
    doubts = {product.id: _doubt(product, leaving, deployments, skip) for product in facts.products if product.planned}
    return _Rolled({product.id: _rolled(product, leaving, deployments, skip) for product in facts.products}, doubts, skip)


def _forecast(known: _Known, rolled: _Rolled, rate: float) -> Forecast:
    past = _expected(known)
    season = seasons(past, HORIZON + rolled.skip)
    trend = drift(season.adjusted(past))
    beyond, weight = dispersion(trend.ahead, 1 + season.learnt), np.array(trend.weights(len(past)))
    weights = _Weights(weight, weight * np.array(season.past))
    ages = {kin: _aged(known, members, weights) for kin, members in known.kin.items()}
    factors = np.array(season.factors[rolled.skip :]) * rate
    kins = [_kin(known, members, ages[kin], rolled, factors, weights) for kin, members in known.kin.items()]
    means = np.sum([kin.means for kin in kins], axis=0) if kins else np.zeros(HORIZON)
    spread = np.sum([kin.spread for kin in kins], axis=0) if kins else np.zeros(HORIZON + 2)
    spread = spread + _further(means, trend.fade, float(weight @ np.array([period.events for period in past])))
    spread = spread + _of_season(means, season.doubt[rolled.skip :, rolled.skip :])
    counts = [widened(means[months].tolist(), float(s), beyond) for months, s in zip(_SPANS, spread, strict=True)]
    drivers = sorted((driver for kin in kins for driver in kin.drivers), key=lambda driver: -driver.incidents(QUARTER))
    return Forecast(
        counts,
        seasonal_naive([period.events for period in past], HORIZON + rolled.skip)[rolled.skip :],
        [float(value) for value in np.sum(list(rolled.ahead.values()), axis=(0, 2))] if kins else [0.0] * HORIZON,
        drivers,
        ages,
        trend,
        beyond,
        season,
        past,
    )


def _expected(known: _Known) -> list[PastPeriod]:
    events, total = np.zeros(known.months), np.zeros(known.months)
    for members in known.kin.values():
        seen, lived = _together(known, members)
        events += seen.sum(axis=1)
        for aged in _aged(known, members, _Weights(np.ones(known.months), np.ones(known.months))):
            total += lived[:, list(aged.bands)].sum(axis=1) * aged.rate
    return [PastPeriod(float(n), float(x)) for n, x in zip(events, total, strict=True)]


def _together(known: _Known, members: Sequence[ProductFacts]) -> tuple[Numbers, Numbers]:
    """Incidents and unit-months of these products by month and age band."""
    return np.sum([known.seen[member.id] for member in members], axis=0), np.sum([known.lived[member.id] for member in members], axis=0)


def _aged(known: _Known, members: Sequence[ProductFacts], weights: _Weights) -> list[AgeRate]:
    seen, lived = (weight @ bands for weight, bands in zip(weights, _together(known, members), strict=True))
    return [AgeRate(bands, float(seen[list(bands)].sum()), float(lived[list(bands)].sum())) for bands in merged_bands(seen.tolist())]


def _kin(
    known: _Known,
    members: Sequence[ProductFacts],
    ages: Sequence[AgeRate],
    rolled: _Rolled,
    factors: Numbers,
    weights: _Weights,
) -> _Kin:
    rates = np.zeros(BANDS)
    for aged in ages:
        rates[list(aged.bands)] = aged.rate
    seen, lived = [known.seen[member.id] for member in members], [known.lived[member.id] for member in members]
    parts = [
        ProductDemand(
            float(weights.events @ s.sum(axis=1)),
            float(weights.exposure @ x @ rates),
            tuple((rolled.ahead[member.id] @ rates * factors).tolist()),
        )
        for member, s, x in zip(members, seen, lived, strict=True)
    ]
    groups = [GroupData(part.events, part.exposure) for part in parts if part.exposure > 0]
    prior = pooled_prior(groups or [_NOTHING])
    spans = [[part._replace(coming=part.coming[months]) for part in parts] for months in _SPANS]
    moments_by_span = [moments(member, prior) for member in (parts, spans[HORIZON], spans[HORIZON + 1])]
    spread = np.array([*moments_by_span[0].spread, moments_by_span[1].spread_of_whole, moments_by_span[2].spread_of_whole])
    drivers = [
        _driver(member, part, float(s.sum()), float(x.sum()), prior, rolled.ahead[member.id].sum(axis=1))
        for member, part, s, x in zip(members, parts, seen, lived, strict=True)
    ]
    by_band = np.sum([rolled.ahead[member.id] for member in members], axis=0)
    spread = spread + _of_ages(ages, by_band * factors[:, None]) + _of_deliveries(drivers, rolled.doubt, rates, factors)
    return _Kin(drivers, spread, moments_by_span[0].mean)


def _further(means: Numbers, fade: float, events: float) -> Numbers:
    """The variance that drift adds further ahead: evidence goes on fading until the middle of a stretch of months."""
    ahead = np.array([(months.start + months.stop - 1) / 2 for months in _SPANS])
    whole = np.array([means[months].sum() for months in _SPANS])
    return np.asarray(whole**2 * (max(fade, _SLOWEST) ** -ahead - 1) / max(events, 1.0), dtype=float)


def _of_season(means: Numbers, doubt: Numbers) -> Numbers:
    """The variance added by the uncertainty of the seasonal factors, by span."""
    return np.array([means[months] @ doubt[months, months] @ means[months] for months in _SPANS])


def _of_ages(ages: Sequence[AgeRate], unit_months: Numbers) -> Numbers:
    """The variance added by the uncertainty of rates by age, by span."""
    means = np.array([unit_months[:, list(aged.bands)].sum(axis=1) * aged.rate for aged in ages])
    return np.array([profile_variance([aged.events for aged in ages], means[:, months].sum(axis=1).tolist()) for months in _SPANS])


def _of_deliveries(drivers: Sequence[Driver], doubts: dict[int, Numbers], rates: Numbers, factors: Numbers) -> Numbers:
    """The variance added by the range of planned deliveries, by span."""
    extra = [doubts[driver.product.id] @ rates * factors * driver.factor for driver in drivers if driver.product.id in doubts]
    return np.array([sum(float(incidents[months].sum()) ** 2 for incidents in extra) for months in _SPANS])


def _driver(product: ProductFacts, part: ProductDemand, events: float, exposure: float, prior: Prior, unit_months: Numbers) -> Driver:
    factor, believed = shrunk(part.events, part.exposure, prior), posterior(part.events, part.exposure, prior)
    own = (factor.rate, factor.low, factor.high, factor.weight_of_own_data if part.exposure > 0 else 0.0)
    return Driver(product, events, exposure, part.exposure, *own, believed, part.coming, tuple(unit_months.tolist()))


def _leaving(products: Sequence[ProductFacts], months: int) -> float:
    """The chance that a unit stops operating for good within a month, by the last months of all products together.

    Every unit spends three months in the youngest band, so its exposure gives how many started, and the fleet's growth how many left.
    """
    if not products or not months:
        return 0.0
    lived = np.sum([product.exposure for product in products], axis=0)
    whole = lived.sum(axis=1)
    back = min(PACE, len(whole) - 1)
    if back < 1 or whole[-back:].sum() <= 0:
        return 0.0
    begun, grown = float(lived[-back:, 0].sum()) / QUARTER, float(whole[-1] - whole[-1 - back])
    return min(0.5, max(0.0, begun - grown) / float(whole[-back:].sum()))


def _rolled(product: ProductFacts, leaving: float, deployments: float, skip: int) -> Numbers:
    """Unit-months in the coming months by age band."""
    ahead = roll_forward(product.by_age, HORIZON + skip, coming(product, HORIZON + skip, deployments), [leaving] * BANDS)
    return np.array([month.exposure for month in ahead[skip:]])


def _doubt(product: ProductFacts, leaving: float, deployments: float, skip: int) -> Numbers:
    """The unit-months of one standard deviation of the planned deliveries."""
    ahead = roll_forward([], HORIZON + skip, doubt(product, HORIZON + skip, deployments), [leaving] * BANDS)
    return np.array([month.exposure for month in ahead[skip:]])
