"""The deployments a plan goes by: planned deliveries where a product has any, else the pace of the last months."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import NamedTuple

import numpy as np

from musterroll.domain.capacity.facts import BANDS, PlanFacts, ProductFacts
from musterroll.domain.capacity.levels import percent
from musterroll.domain.values.dates import add_months

PACE = 6  # months that tell the pace of deployments and of units leaving
_YOUNGEST = 3  # months a unit spends in the youngest age band
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
    """Units deployed a month in the last months, by the exposure of the youngest band, in which every unit spends three months."""
    recent = np.array(product.exposure[-PACE:], dtype=float).reshape(-1, BANDS)
    return float(recent[:, 0].sum()) / _YOUNGEST / len(recent) if len(recent) else 0.0


def coming(product: ProductFacts, months: int, share: float) -> list[float]:
    """Units deployed in each coming month: as planned up to the last month planned, then at the pace; `share` scales both."""
    planned = [units for units, _ in product.planned[:months]]
    return [units * share for units in (*planned, *[deployed_a_month(product)] * (months - len(planned)))]


def doubt(product: ProductFacts, months: int, share: float) -> list[float]:
    """The standard deviation of the deployments of each coming month, which are early, late, more or fewer together: of planned ones as
    the plan says; of others by as much as the pace changed from the months before."""
    planned, pace = [spread for _, spread in product.planned[:months]], deployed_a_month(product)
    before = deployed_a_month(replace(product, exposure=product.exposure[:-PACE]))
    return [spread * share for spread in (*planned, *[min(pace, abs(pace - before))] * (months - len(planned)))]


def condition(facts: PlanFacts, share: float) -> str:
    """What the estimates depend on and no past can tell: how many units will be deployed."""
    planned = [product for product in facts.products if product.planned]
    pace = sum(deployed_a_month(product) for product in facts.products if not product.planned) * share
    if not planned:
        return _by_pace(pace, share)
    count = sum(units for product in planned for units, _ in product.planned) * share
    last = add_months(facts.on.replace(day=1), max(len(product.planned) for product in planned) - 1)
    scaled = "" if share == 1 else f" at {percent(share)}"
    products = planned[0].name if len(planned) == 1 else f"{len(planned)} products"
    deliveries = f"If deliveries come as planned{scaled} ({count:,.0f} units of {products} until {last:%B %Y})"
    others = f"other deployments go on as in the last {PACE} months{scaled}: {_units(pace)} units a month"
    return f"{deliveries}, and {others if pace else 'no other units are deployed'}."


def _by_pace(pace: float, share: float) -> str:
    if not pace:
        return f"If no units are deployed{f', as in the last {PACE} months' if share == 1 else ''}."
    if share == 1:
        return f"If deployments go on as in the last {PACE} months: {_units(pace)} units a month."
    return f"If {_units(pace)} units a month are deployed: {percent(share)} of the pace of the last {PACE} months."


def _units(pace: float) -> str:
    return f"{pace:,.0f}" if pace >= 10 else f"{pace:,.1f}"
