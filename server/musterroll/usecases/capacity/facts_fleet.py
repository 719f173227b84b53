"""The live fleet for planning: by product, age, region and remaining cover."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlmodel import Session

from musterroll.storage.capacity import facts as stored_facts
from musterroll.storage.engine.columns import Columns
from musterroll.usecases.capacity import exposure as capacity_exposure

AHEAD = 24  # months of cover looked ahead
NOWHERE = "no region"
_EPOCH = date(1970, 1, 1)


class LiveFleet(NamedTuple):
    """The units of a product as of now, for `ProductFacts`."""

    by_age: list[int]
    shipped: int
    regions: dict[str, int]
    covered: list[int]


def live(session: Session, columns: Columns, on: date, products: Sequence[int]) -> dict[int, LiveFleet]:
    """The live fleet of each product. Units recorded as returned or retired do not count, whatever they report."""
    capacity_exposure.make_line_days(session, columns, on)
    stored_facts.make_fleet(columns, (on - _EPOCH).days)
    shipped = stored_facts.shipped(columns)
    ages, regions, covered = (_at_work(columns, by) for by in ("age", "region", "covered"))
    return {
        product: LiveFleet(
            [ages[product].get(age, 0) for age in range(max(ages[product], default=0) + 1)],
            shipped.get(product, 0),
            {region or NOWHERE: units for region, units in regions[product].items()},
            [sum(units for months, units in covered[product].items() if months is not None and months >= k) for k in range(AHEAD + 1)],
        )
        for product in products
    }


def _at_work(columns: Columns, by: str) -> dict[int, dict[Any, int]]:
    counts: dict[int, dict[Any, int]] = defaultdict(dict)
    for product, key, units in stored_facts.at_work(columns, by):
        counts[product][key] = units
    return counts
