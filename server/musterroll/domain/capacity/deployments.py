"""The deployments a plan goes by: planned deliveries, then a pace: one that a person sets, else that of the last year.

Whether a launch goes on or ends is in no past. The mean of the last twelve months stands half-way between the pace of the last six and
that of the six before, so that neither a change that stays nor one that passes is missed by much.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

import numpy as np

from musterroll.domain.capacity.assumptions import BadAssumption
from musterroll.domain.capacity.facts import BANDS, PlanFacts, ProductFacts
from musterroll.domain.capacity.levels import percent
from musterroll.domain.values.dates import add_months

PACE = 6  # months that tell the pace of units leaving, and of deployments twice as many
_UNSURE = 0.75  # of the change of pace from the first half to the second: the standard deviation of the pace to come
_YOUNGEST = 3  # months a unit spends in the youngest age band
_TELLING = 0.1  # a change of pace worth a word
_OF_80 = 2 * 1.2816  # standard deviations between the ends of an 80 % range


class PlannedDelivery(NamedTuple):
    """Units of a product to be deployed on a day; `least` to `most` is the 80 % range, where one is named."""

    on: date
    quantity: int
    least: int | None = None
    most: int | None = None


def by_month(deliveries: Iterable[PlannedDelivery], today: date) -> list[tuple[float, float]]:
    """Units, and the standard deviation of their number, by month from this one to the last one planned. Days before today are past.

    >>> by_month([PlannedDelivery(date(2026, 12, 9), 40), PlannedDelivery(date(2027, 2, 1), 100, 80, 120)], date(2026, 12, 1))
    [(40.0, 0.0), (0.0, 0.0), (100.0, 15.605493133583021)]
    """
    months: dict[int, tuple[float, float]] = {}
    for delivery in deliveries:
        if delivery.on >= today:
            ahead = (delivery.on.year - today.year) * 12 + delivery.on.month - today.month
            units, spread = months.get(ahead, (0.0, 0.0))
            least, most = (delivery.quantity if end is None else end for end in (delivery.least, delivery.most))
            months[ahead] = units + delivery.quantity, spread + (most - least) / _OF_80
    return [months.get(month, (0.0, 0.0)) for month in range(max(months, default=-1) + 1)]


def deployed_a_month(product: ProductFacts) -> float:
    """Units deployed a month in the last year."""
    return _pace(product.exposure[-2 * PACE :])


def _pace(months: Sequence[Sequence[float]]) -> float:
    """Units deployed a month, by the exposure of the youngest band, in which every unit spends three months."""
    recent = np.array(months, dtype=float).reshape(-1, BANDS)
    return float(recent[:, 0].sum()) / _YOUNGEST / len(recent) if len(recent) else 0.0


def expected_pace(product: ProductFacts) -> float:
    """Units deployed a month after the last delivery planned: as set, else as in the last year."""
    return deployed_a_month(product) if product.pace is None else product.pace


def coming(product: ProductFacts, months: int, share: float) -> list[float]:
    """Units deployed in each coming month: as planned up to the last month planned, then at the pace; `share` scales both."""
    planned = [units for units, _ in product.planned[:months]]
    return [units * share for units in (*planned, *[expected_pace(product)] * (months - len(planned)))]


def doubt(product: ProductFacts, months: int, share: float, spread: float = 0.0) -> list[float]:
    """The standard deviation of the deployments of each coming month, which are early, late, more or fewer together: of planned ones as
    the plan says; of a pace that is set by its 80 % range of ± `spread`; of others by as much as the pace has changed."""
    planned = [spread for _, spread in product.planned[:months]]
    return [spread * share for spread in (*planned, *[_doubt(product, spread)] * (months - len(planned)))]


def _doubt(product: ProductFacts, spread: float) -> float:
    if product.pace is not None:
        return 2 * product.pace * spread / _OF_80
    change = abs(_pace(product.exposure[-PACE:]) - _pace(product.exposure[-2 * PACE : -PACE]))
    return min(deployed_a_month(product), _UNSURE * change)


def as_set(facts: PlanFacts, paces: Mapping[str, float]) -> PlanFacts:
    """Facts with the paces that a person sets, by name of product or model. Raises BadAssumption for a product that is not in the plan."""
    known = {name.casefold(): product.id for product in facts.products for name in (product.model, product.name)}
    unknown = next((name for name in paces if name.casefold() not in known), None)
    if unknown is not None:
        raise BadAssumption(f"no product {unknown[:80]!r} in the plan")
    chosen = {known[name.casefold()]: pace for name, pace in paces.items()}
    return replace(facts, products=[replace(product, pace=chosen.get(product.id)) for product in facts.products]) if chosen else facts


def condition(facts: PlanFacts, share: float) -> str:
    """What the estimates depend on and no past can tell: how many units will be deployed."""
    planned = [product for product in facts.products if product.planned]
    scaled = "" if share == 1 else f" at {percent(share)}"
    parts = [_as_planned(facts, planned, share, scaled)] if planned else []
    chosen = [product for product in facts.products if product.pace is not None]
    if chosen:
        parts.append(f"{_named(chosen)} {'is' if len(chosen) == 1 else 'are'} deployed as set{scaled}: {_paces(chosen, share)}")
    measured = [product for product in facts.products if not product.planned and product.pace is None]
    parts.append(_as_before(measured, share, scaled, others="other " if parts else ""))
    return f"If {', and '.join(part for part in (', '.join(parts[:-1]), parts[-1]) if part)}."


def _as_planned(facts: PlanFacts, planned: Sequence[ProductFacts], share: float, scaled: str) -> str:
    count = sum(units for product in planned for units, _ in product.planned) * share
    last = add_months(facts.on.replace(day=1), max(len(product.planned) for product in planned) - 1)
    return f"deliveries come as planned{scaled} ({count:,.0f} units of {_named(planned)} until {last:%B %Y})"


def _as_before(products: Sequence[ProductFacts], share: float, scaled: str, others: str) -> str:
    known = min(2 * PACE, max((len(product.exposure) for product in products), default=0))
    if not any(map(expected_pace, products)) or not share:
        return f"no {others}units are deployed{f', as in the last {known} months' if known and share else ''}"
    recent = sum(_pace(product.exposure[-PACE:]) for product in products) * share
    pace = sum(map(expected_pace, products)) * share
    changed = f", {_units(recent)} in the last {PACE}" if abs(recent - pace) > _TELLING * pace else ""
    return f"{others}deployments go on as in the last {known} months{scaled}: {_units(pace)} units a month{changed}"


def _named(products: Sequence[ProductFacts]) -> str:
    return products[0].name if len(products) == 1 else f"{len(products)} products"


def _paces(products: Sequence[ProductFacts], share: float) -> str:
    return f"{_units(sum(map(expected_pace, products)) * share)} units a month"


def _units(pace: float) -> str:
    return f"{pace:,.0f}" if pace >= 10 or pace == round(pace) else f"{pace:,.1f}"
