"""The live fleet for planning: by product, age, region and remaining cover."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from musterroll.domain.capacity.exposure import MONTH_DAYS, NEVER, completed_months
from musterroll.storage.capacity import facts as stored_facts
from musterroll.storage.capacity.facts import UnitColumns
from musterroll.usecases.capacity import exposure as capacity_exposure

AHEAD = 24  # months of cover looked ahead
NOWHERE = "no region"
_OPERATING, _GONE, _WAITING = 1, 2, 1
_EPOCH = date(1970, 1, 1)


class LiveFleet(NamedTuple):
    """The units of a product as of now, for `ProductFacts`."""

    by_age: list[int]
    shipped: int
    regions: dict[str, int]
    covered: list[int]


def live(session: Session, units: UnitColumns, on: date, products: Sequence[int]) -> dict[int, LiveFleet]:
    """The live fleet of each product. Units recorded as returned or retired do not count, whatever they report."""
    today = (on - _EPOCH).days
    working = (units.cell & 1 == _OPERATING) & (units.stage != _GONE)
    waiting = (units.cell & 1 != _OPERATING) & (units.stage == _WAITING)
    place, names = _regions(session, units)
    ages, ends = completed_months(units.born, np.full(len(units.born), today)), _cover_ends(session, units, on)
    order = np.argsort(units.product, kind="stable")
    bounds = np.searchsorted(units.product[order], [*products, *(product + 1 for product in products)])
    by_product = {}
    for n, product in enumerate(products):
        mine = order[bounds[n] : bounds[n + len(products)]]
        at_work = mine[working[mine]]
        by_age = np.bincount(ages[at_work], minlength=1)
        by_place = np.bincount(place[at_work], minlength=len(names))
        left = np.floor((ends[at_work] - today - 1) / MONTH_DAYS).astype(np.int64)  # whole months still covered; below 0: not now
        covered = [int((left >= k).sum()) for k in range(AHEAD + 1)]
        regions = {names[region]: int(by_place[region]) for region in np.nonzero(by_place)[0]}
        by_product[product] = LiveFleet(by_age.tolist(), int(waiting[mine].sum()), regions, covered)
    return by_product


def _regions(session: Session, units: UnitColumns) -> tuple[NDArray[np.int64], list[str]]:
    """The region of each unit (country of its site, else of its account), as an index into the list of names."""
    of_site, of_account = stored_facts.regions(session)
    names = [NOWHERE, *sorted({*of_site.values(), *of_account.values()})]
    number = {name: n for n, name in enumerate(names)}
    sites = _looked_up(units.site, {row: number[name] for row, name in of_site.items()})
    return np.where(sites > 0, sites, _looked_up(units.account, {row: number[name] for row, name in of_account.items()})), names


def _looked_up(keys: NDArray[np.int64], values: dict[int, int]) -> NDArray[np.int64]:
    table = np.zeros(max(int(keys.max(initial=0)), max(values, default=0)) + 1, dtype=np.int64)
    table[list(values)] = list(values.values())
    return table[keys]


def _cover_ends(session: Session, units: UnitColumns, on: date) -> NDArray[np.int64]:
    """The first day without warranty or present contract line, by unit; 0: not covered now."""
    today = (on - _EPOCH).days
    ids, ends = stored_facts.warranty_ends(session)
    at = np.minimum(np.searchsorted(ids, units.id), max(len(ids) - 1, 0))
    warranty = np.where(ids[at] == units.id, ends[at], 0) if len(ids) else np.zeros(len(units.id), dtype=np.int64)
    lines = _looked_up(units.line, {line: ends for line, (_, ends) in capacity_exposure.line_days(session, on).items() if ends <= NEVER})
    latest = np.maximum(warranty, lines)
    return np.where(latest > today, latest, 0)
