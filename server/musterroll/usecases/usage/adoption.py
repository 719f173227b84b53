"""Adoption and milestones of the fleet, counted from one reading; of a large fleet by a job."""

from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from sqlmodel import Session

from musterroll.domain.usage.adoption import HORIZONS, Group, Milestone, Used
from musterroll.domain.usage.periods import date_of, day_of
from musterroll.storage.usage import adoption as counted
from musterroll.storage.usage import readings, sums
from musterroll.usecases.operations import figure_cache as cached_figures
from musterroll.usecases.operations.figure_cache import CountedFigure, Figure
from musterroll.usecases.usage.history import label

DEPLOYED, HEARD = "deployed", "first report"


class AdoptionRow(NamedTuple):
    """One group of operating units and its use of one counter."""

    counter: str
    group: Group
    operating: int
    used: Used


class MilestoneRow(NamedTuple):
    """A step after shipping, of a product (0: all): `deployed`, `first report`, or the first use of a counter."""

    step: str
    product_id: int
    milestone: Milestone


class Engagement(NamedTuple):
    """Adoption and milestones of all products and of each."""

    adoption: list[AdoptionRow]
    milestones: list[MilestoneRow]
    since: date | None  # when use was first measured: first uses are of units shipped from then on

    def counters(self, product_id: int = 0, days: int = 30) -> list[AdoptionRow]:
        """Each counter over all units of a product (0: all), the most used in so many days first."""
        rows = [row for row in self.adoption if row.group == Group(product_id, "", "")]
        return sorted(rows, key=lambda row: (-row.used.within(days), -row.used.reporting, row.counter))

    def parts(self, counter: str, by: str, product_id: int = 0) -> list[AdoptionRow]:
        """A counter by firmware, segment or cohort, the largest group first; cohorts in order of time."""
        rows = [row for row in self.adoption if row.counter == counter and row.group[:2] == (product_id, by)]
        return sorted(rows, key=lambda row: (row.group.key,) if by == "cohort" else (-row.operating, row.group.key))

    def steps(self, product_id: int = 0) -> list[MilestoneRow]:
        """The milestones of a product (0: all): deployment, first report, then first uses."""
        order = {DEPLOYED: 0, HEARD: 1}
        rows = [row for row in self.milestones if row.product_id == product_id]
        return sorted(rows, key=lambda row: (order.get(row.step, 2), -row.milestone.reached, row.step))


def engagement(session: Session, now: datetime) -> CountedFigure[Engagement]:
    return cached_figures.counted_figure(session, ENGAGEMENT, now)


def _count(session: Session, now: datetime) -> Engagement:
    columns, names, today = counted.read(session), readings.names(session), day_of(now.astimezone(UTC).date())
    operating = counted.operating(columns)
    used = {(names[counter], group): row for counter, group, row in counted.used(columns, today)}
    rows = [
        AdoptionRow(counter, group, units, used.get((counter, group), Used(0, 0, 0, 0)))
        for counter in dict.fromkeys(name for name, _ in used)
        for group, units in operating.items()
    ]
    began = sums.began(session)
    since = today + 1 if began is None else began
    steps = {0: DEPLOYED, -1: HEARD, **names}
    milestones = [MilestoneRow(steps[step], product, milestone) for step, product, milestone in counted.milestones(columns, today, since)]
    return Engagement(rows, milestones, date_of(since) if began is not None else None)


ENGAGEMENT: Figure[Engagement] = Figure("usage.engagement", TypeAdapter(Engagement), _count)


def step_label(step: str) -> str:
    return step if step in (DEPLOYED, HEARD) else f"first use: {label(step)}"


def adoption_shape(row: AdoptionRow) -> dict[str, Any]:
    return {"counter": row.counter, "by": row.group.by, "name": row.group.key, "operating": row.operating, **row.used._asdict()}


def milestone_shape(row: MilestoneRow) -> dict[str, Any]:
    milestone = row.milestone
    shares: dict[str, int] = {}
    for days, (units, reached) in zip(HORIZONS, milestone.by_day, strict=True):
        shares |= {f"of_{days}": units, f"reached_{days}": reached}
    facts = {"shipped": milestone.shipped, "reached": milestone.reached, "median_days": milestone.median}
    return {"step": row.step, **facts, **shares}
