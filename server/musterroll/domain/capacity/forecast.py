"""The incident forecast of a plan: the fleet rolled forward, and rates by product, age and month."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from musterroll.domain.capacity.ageing import merged_bands, roll_forward
from musterroll.domain.capacity.baselines import seasonal_naive
from musterroll.domain.capacity.counts import Predictive
from musterroll.domain.capacity.course import Course, course
from musterroll.domain.capacity.deployments import PACE, coming, doubt
from musterroll.domain.capacity.facts import BANDS, PlanFacts, ProductFacts
from musterroll.domain.capacity.history import suspected_start
from musterroll.domain.capacity.rates import Gamma, GroupData, pooled_prior, posterior, shrunk
from musterroll.domain.capacity.regression import Cells, Numbers, Outlook, outlook

HORIZON = 12  # months
QUARTER = 3
_SPANS = (*(slice(month, month + 1) for month in range(HORIZON)), slice(0, QUARTER), slice(0, HORIZON))
AT_QUARTER, AT_YEAR = HORIZON, HORIZON + 1
_LOOKED_AT = 60  # months of history that rates are learnt from
_OWN = 30  # products with effects of their own, those with the most incidents; the others share one
_SOON = 2  # months after which a record that may only have begun is seen
_NOTHING = GroupData(0, 1)  # where a kin has no history at all


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
    coming: tuple[float, ...]  # incidents expected by month, over the factor
    unit_months: tuple[float, ...]

    def incidents(self, months: float) -> float:
        """Expected in so many coming months."""
        whole = int(months)
        part = self.coming[whole] * (months - whole) if whole < len(self.coming) else 0.0
        return self.factor * (sum(self.coming[:whole]) + part)


class Forecast(NamedTuple):
    """Predicted counts: of each coming month, then (`AT_QUARTER`) of the first three together, then (`AT_YEAR`) of all together; the
    baseline and the fleet by month; the drivers; and the incidents of the past, by month since the log began."""

    counts: list[Predictive]
    naive: list[float]
    unit_months: list[float]
    drivers: list[Driver]
    course: Course
    past: list[float]


class VisitSplit(NamedTuple):
    """Incidents that need a visit and those done at the desk, each forecast by its own rates, for they age differently. `excess`: of all
    together, the variance beyond chance relative to the square of the mean: a bad month is one for both."""

    visits: Forecast
    rest: Forecast
    excess: list[float]

    def both(self, at: int) -> Predictive:
        mean = self.visits.counts[at].mean + self.rest.counts[at].mean
        return Predictive(mean, mean + self.excess[at] * mean**2)

    def covariance(self, at: int) -> float:
        """Of visits and the rest: what they vary by together."""
        return max(0.0, self.both(at).variance - self.visits.counts[at].variance - self.rest.counts[at].variance) / 2


def split(
    facts: PlanFacts, *, deployments: float = 1.0, spread: float = 0.0, retirements: float = 1.0, rate: float = 1.0, skip: int = 0
) -> VisitSplit:
    """Roll the fleet forward for a year and predict its incidents, those that need a visit and those that do not. Factors apply to measured
    values; `spread`: the 80 % range of paces that are set; `skip` months pass before the first.

    Rates are those of `regression.outlook`. A driver's factor is its incidents over those expected by the rates by age of its group
    (indirect standardisation), pooled with the group while its own data are few.
    """
    known, rolled = _known(facts), _roll(facts, deployments, spread, retirements, skip)
    visits: dict[int, Numbers] = {product.id: _table(product.visits, facts.log_starts) for product in facts.products}
    rest: dict[int, Numbers] = {product: seen - visits[product] for product, seen in known.seen.items()}
    whole = _outlook(known, rolled)
    parts = [known._replace(seen=visits), known._replace(seen=rest)]
    visited, rested = _agreed([_outlook(part, rolled) for part in parts], whole)
    excess = np.divide(whole.variance, whole.mean**2, out=np.zeros_like(whole.mean), where=whole.mean > 0)
    return VisitSplit(_forecast(parts[0], rolled, visited, rate), _forecast(parts[1], rolled, rested, rate), excess.tolist())


def _agreed(parts: Sequence[Outlook], whole: Outlook) -> list[Outlook]:
    """The parts scaled to the whole, whose trend and season are known from more incidents (top-down: Gross & Sohl 1990, Journal of
    Forecasting 9)."""
    factor = whole.mean / np.maximum(np.sum([part.mean for part in parts], axis=0), 1e-12)
    shared = whole.variance / np.maximum(whole.mean, 1e-12) ** 2  # a part is no surer than the whole
    agreed = []
    for part in parts:
        mean, rate = _by_span((part.mean * factor)[:HORIZON]), part.rate * factor[:HORIZON, None, None]
        agreed.append(part._replace(mean=mean, variance=np.maximum(part.variance * factor**2, shared * mean**2), rate=rate))
    return agreed


def _by_span(months: Numbers) -> Numbers:
    """A quarter is the sum of its months."""
    return np.array([months[span].sum() for span in _SPANS])


class _Known(NamedTuple):
    """Products by kin, and in groups whose rates have one effect; of each product, incidents and unit-months since the log began, months
    down and age bands across."""

    kin: dict[str, list[ProductFacts]]
    groups: list[list[int]]
    seen: dict[int, Numbers]
    lived: dict[int, Numbers]
    months: int


class _Rolled(NamedTuple):
    """Unit-months of each product in the coming months by age band, after `skip` months, and their standard deviation."""

    ahead: dict[int, Numbers]
    doubt: dict[int, Numbers]
    skip: int


def _known(facts: PlanFacts) -> _Known:
    kin: dict[str, list[ProductFacts]] = defaultdict(list)
    for product in facts.products:
        kin[product.kin].append(product)
    start = facts.log_starts
    seen = {product.id: _table(product.events, start) for product in facts.products}
    lived = {product.id: _table(product.exposure, start) for product in facts.products}
    by_incidents = sorted(seen, key=lambda product: (-float(seen[product].sum()), -float(lived[product].sum()), product))
    groups = [[product] for product in by_incidents[:_OWN]] + ([by_incidents[_OWN:]] if by_incidents[_OWN:] else [])
    return _Known(kin, groups, seen, lived, len(facts.months) - start)


def _table(rows: Sequence[Sequence[float]], start: int) -> Numbers:
    return np.array(rows[start:], dtype=float).reshape(-1, BANDS)


def _roll(facts: PlanFacts, deployments: float, spread: float, retirements: float, skip: int) -> _Rolled:
    leaving, months = _leaving(facts.products, len(facts.months)) * retirements, HORIZON + skip
    return _Rolled(
        {product.id: _rolled(product.by_age, coming(product, months, deployments), leaving, skip) for product in facts.products},
        {product.id: _rolled([], doubt(product, months, deployments, spread), leaving, skip) for product in facts.products},
        skip,
    )


def _outlook(known: _Known, rolled: _Rolled) -> Outlook:
    """What to expect of groups of products; nothing of those that nothing is known of."""
    tables = [[np.sum([table[member] for member in group], axis=0) for group in known.groups] for table in (known.seen, known.lived)]
    if not known.groups or not np.any(tables[1]):
        return Outlook.nothing(len(_SPANS), HORIZON, len(known.groups), BANDS)
    seen, lived = (np.stack(table, axis=1)[-_LOOKED_AT:] for table in tables)
    ahead, unsure = (
        np.stack([np.sum([table[member] for member in group], axis=0) for group in known.groups], axis=1)
        for table in (rolled.ahead, rolled.doubt)
    )
    names = {product.id: kin for kin, members in known.kin.items() for product in members}
    kins = sorted(known.kin)
    family = [kins.index(names[group[0]]) if len(group) == 1 else -1 for group in known.groups]
    jump = suspected_start([(lived.sum(axis=1), seen.sum(axis=1))], _SOON)
    result = outlook(Cells(seen, lived, ahead, tuple(family), jump), _SPANS, rolled.skip)
    months = result.mean[:HORIZON]
    by_products = np.maximum((result.rate * ahead).sum(axis=(1, 2)), 1e-12)
    rate = result.rate * (months / by_products)[:, None, None]
    incidents = (rate * unsure).sum(axis=2)
    variance = result.variance + [float(np.sum(incidents[span].sum(axis=0) ** 2)) for span in _SPANS]
    return result._replace(mean=_by_span(months), rate=rate, variance=variance)


def _forecast(known: _Known, rolled: _Rolled, expected: Outlook, rate: float) -> Forecast:
    counts = [
        Predictive(mean * rate, mean * rate + spread * rate**2)
        for mean, spread in zip(expected.mean.tolist(), expected.variance.tolist(), strict=True)
    ]
    rates = {product: expected.rate[:, number] * rate for number, group in enumerate(known.groups) for product in group}
    drivers = [driver for members in known.kin.values() for driver in _drivers(known, members, rolled, rates)]
    past = np.sum([seen.sum(axis=1) for seen in known.seen.values()], axis=0).tolist() if known.seen else [0.0] * known.months
    return Forecast(
        counts,
        seasonal_naive(past, HORIZON + rolled.skip)[rolled.skip :],
        [float(value) for value in np.sum(list(rolled.ahead.values()), axis=(0, 2))] if rolled.ahead else [0.0] * HORIZON,
        sorted(drivers, key=lambda driver: -driver.incidents(QUARTER)),
        course(expected, known.months),
        past,
    )


def _drivers(known: _Known, members: Sequence[ProductFacts], rolled: _Rolled, rates: Mapping[int, Numbers]) -> list[Driver]:
    """Of the products of one kin, pooled with each other."""
    seen, lived = ([table[member.id] for member in members] for table in (known.seen, known.lived))
    by_age = np.zeros(BANDS)
    for aged in _aged(np.sum(seen, axis=(0, 1)), np.sum(lived, axis=(0, 1))):
        by_age[list(aged.bands)] = aged.rate
    past = [GroupData(float(s.sum()), float((x @ by_age).sum())) for s, x in zip(seen, lived, strict=True)]
    prior = pooled_prior([group for group in past if group.exposure > 0] or [_NOTHING])
    drivers = []
    for member, data, x in zip(members, past, lived, strict=True):
        factor, believed = shrunk(data.events, data.exposure, prior), posterior(data.events, data.exposure, prior)
        own = (factor.rate, factor.low, factor.high, factor.weight_of_own_data if data.exposure > 0 else 0.0)
        ahead = rolled.ahead[member.id]
        coming = tuple(((ahead * rates[member.id]).sum(axis=1) / factor.rate).tolist())
        drivers.append(
            Driver(member, data.events, float(x.sum()), data.exposure, *own, believed, coming, tuple(ahead.sum(axis=1).tolist()))
        )
    return drivers


def _aged(seen: Numbers, lived: Numbers) -> list[AgeRate]:
    return [AgeRate(bands, float(seen[list(bands)].sum()), float(lived[list(bands)].sum())) for bands in merged_bands(seen.tolist())]


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


def _rolled(by_age: Sequence[float], deployments: Sequence[float], leaving: float, skip: int) -> Numbers:
    """Unit-months in the coming months by age band."""
    ahead = roll_forward(by_age, HORIZON + skip, deployments, [leaving] * BANDS)
    return np.array([month.exposure for month in ahead[skip:]])
