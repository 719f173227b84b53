"""The reliability of a product by firmware, site or cohort, from the lives of its units."""

from collections.abc import Callable
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlmodel import Session

from musterroll.domain.capacity import rates, survival
from musterroll.domain.capacity.facts import PlanFacts
from musterroll.domain.capacity.rates import EventRate
from musterroll.domain.capacity.survival import SurvivalStep, UnitLife
from musterroll.storage.capacity.facts import Lifetime
from musterroll.usecases.capacity.product import recorded_lives, with_facts

_EPOCH = date(1970, 1, 1)


class LifeGroup(StrEnum):
    FIRMWARE = "firmware"  # that a unit has now
    SITE = "site"
    COHORT = "cohort"  # the year of installation, else of the first report


class GroupRate(NamedTuple):
    """Units of a group (empty: unknown) that were under observation since incidents are recorded, each until its first failure.

    `failed`: those that failed, per year under observation, with the exact 95 % interval; `steps`: their survival by age.
    """

    group: str
    units: int
    failed: EventRate
    steps: list[SurvivalStep]


_KEYS: dict[LifeGroup, Callable[[Lifetime], str]] = {
    LifeGroup.FIRMWARE: lambda known: known.firmware,
    LifeGroup.SITE: lambda known: known.site,
    LifeGroup.COHORT: lambda known: f"{_EPOCH + timedelta(known.born):%Y}",
}


def by_group(session: Session, facts: PlanFacts, product_id: int, by: LifeGroup) -> list[GroupRate]:
    """The groups of a product, most failures first; cohorts in order of time. Raises NotFound for a product without facts."""
    groups: dict[str, list[UnitLife]] = {}
    for life, known in recorded_lives(session, facts, with_facts(facts, product_id).id):
        groups.setdefault(_KEYS[by](known), []).append(life)
    rows = [_rate(group, lives) for group, lives in groups.items()]
    return sorted(rows, key=lambda row: row.group if by is LifeGroup.COHORT else (-row.failed.events, -row.units, row.group))


def _rate(group: str, lives: list[UnitLife]) -> GroupRate:
    days = sum(max(0.0, life.left_at_age - life.entered_at_age) for life in lives)
    failed = sum(life.failed for life in lives)
    steps = survival.kaplan_meier(lives) if failed else []
    return GroupRate(group, len(lives), rates.afr(failed, days), steps)


def group_shape(row: GroupRate) -> dict[str, Any]:
    """A group as JSON."""
    rate = row.failed
    return {
        "group": row.group,
        "units": row.units,
        "failed": int(rate.events),
        "unit_years": rate.exposure,
        "rate": rate.rate if rate.known else None,
        "low": rate.low if rate.known else None,
        "high": rate.high if rate.known else None,
    }
