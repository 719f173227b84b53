"""Firmware versions by product, and which are outdated."""

from collections import defaultdict
from datetime import datetime

from pydantic import TypeAdapter
from sqlmodel import Session

from musterroll.domain.fleet import firmware as rules
from musterroll.storage.fleet import sums as fleet_sums
from musterroll.usecases.operations import figure_cache as cached_figures
from musterroll.usecases.operations.figure_cache import Figure

Counts = list[tuple[int, str, int]]  # product, version, units


def _count(session: Session, _now: datetime) -> Counts:
    return fleet_sums.firmwares(session)


KNOWN = Figure[Counts]("firmwares", TypeAdapter(Counts), _count)


def old(session: Session, now: datetime) -> list[tuple[int, str]]:
    """Outdated versions, as (product id, version)."""
    by_product: dict[int, dict[str, int]] = defaultdict(dict)
    for product, version, units in cached_figures.counted_figure(session, KNOWN, now).value:
        by_product[product][version] = units
    return [(product, version) for product, units in by_product.items() for version in rules.old(units)]
