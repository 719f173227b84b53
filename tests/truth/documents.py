"""Fleets whose units are simulated one by one and enter the registry as documents do: units, the list of a platform, incidents."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
from musterroll.domain.capacity.facts import PlanFacts
from musterroll.domain.values.dates import add_months
from musterroll.storage.engine import migrate
from musterroll.storage.engine.database import Database
from musterroll.usecases.capacity import exposure as capacity_exposure
from musterroll.usecases.capacity import facts as plan_facts

from tests.support import documents
from tests.truth.scenarios import AHEAD, BAND, LEAVING, ON, PAST, RATES, SCENARIOS, VISITED, Case, Course, Numbers

SAMPLE = ("constant", "drift up", "drift down", "season", "shocks")  # scenarios without a product of their own
_MONTH = 30.4375  # days
_BEFORE = 48  # months of deployments before the history
_NOW = datetime.combine(ON, time(12), UTC)
_HEADS = {
    "units": "Serial Number,Manufacturer,Model,Install Date,Status",
    "telemetry": "serial,manufacturer,first_seen,last_seen",
    "incidents": "Ticket,Serial Number,Manufacturer,Opened,Closed,Category,Hours,Parts",
}
_BEGINS = ON.replace(year=ON.year - PAST // 12)
_ENDS = ON.replace(year=ON.year + AHEAD // 12)
_LENGTHS = np.array([(add_months(_BEGINS, n + 1) - add_months(_BEGINS, n)).days for n in range(PAST + AHEAD)])


class PlayedFleet(NamedTuple):
    """Documents by kind, and what happened, by month of the past and of the year to come."""

    files: dict[str, str]
    incidents: Numbers
    visits: Numbers
    unit_months: Numbers


def play(name: str, seed: int, units: int) -> PlayedFleet:
    """So many units of six products, deployed at an even pace until the end of the year to come."""
    rng = np.random.default_rng(seed)
    factors, better = SCENARIOS[name].factors(rng), rng.gamma(8, 1 / 8, 6)
    rows: dict[str, list[str]] = {kind: [head] for kind, head in _HEADS.items()}
    fleet = PlayedFleet({}, *np.zeros((3, PAST + AHEAD)))
    for number in range(units):
        began = _BEGINS + timedelta(int(rng.uniform(-_BEFORE, PAST + AHEAD) * _MONTH))
        left = min(began + timedelta(1 + int(rng.exponential(1 / LEAVING) * _MONTH)), _ENDS)
        _unit(rng, number, began, left, lambda month, age, of=number % 6: factors[month] * better[of] * RATES[BAND[age]], rows, fleet)
    return fleet._replace(files={kind: "\n".join(lines) + "\n" for kind, lines in rows.items()})


def _unit(
    rng: np.random.Generator,
    number: int,
    began: date,
    left: date,
    rate: Callable[[int, int], float],
    rows: dict[str, list[str]],
    fleet: PlayedFleet,
) -> None:
    """A life from day to day, as far as it is within the history and the year to come; what is past stands in documents."""
    serial, maker, first = f"TR{number:06}", f"Maker {number % 2}", max(began, _BEGINS)
    if left <= first:
        return
    if began < ON:
        rows["units"].append(f"{serial},{maker},Model {number % 6},{began},Installed")
        last = f"{left}T00:00:00Z" if left < ON else f"{_NOW - timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}"
        rows["telemetry"].append(f"{serial},{maker},{first}T00:00:00Z,{last}")
    days = np.arange((left - first).days)
    dates = [first + timedelta(int(day)) for day in days]
    months = np.array([(on.year - _BEGINS.year) * 12 + on.month - 1 for on in dates])
    ages = ((days + (first - began).days) / _MONTH).astype(int)
    np.add.at(fleet.unit_months, months, 1 / _LENGTHS[months])
    for day in np.flatnonzero(rng.random(len(days)) < [rate(month, age) / _MONTH for month, age in zip(months, ages, strict=True)]):
        visit = rng.random() < VISITED
        fleet.incidents[months[day]] += 1
        fleet.visits[months[day]] += visit
        if dates[day] < ON:
            rows["incidents"].append(f"I{serial}-{day},{serial},{maker},{dates[day]},{dates[day]},fault,{1.5 + visit},{int(visit)}")


def case(fleet: PlayedFleet, folder: Path) -> Case:
    """The facts that the registry has of the documents, in a new database in the folder."""
    nothing = np.zeros(PAST + AHEAD)
    course = np.array([fleet.incidents, fleet.visits, nothing, nothing, fleet.unit_months])
    return Case(facts(fleet, folder), Course(*course[:, :PAST]), Course(*course[:, PAST:]), known=False)


def facts(fleet: PlayedFleet, folder: Path) -> PlanFacts:
    database = Database(f"sqlite:///{folder / 'truth.db'}")
    migrate.upgrade(database)
    for kind, content in fleet.files.items():
        verdicts, _ = documents.take(database, _NOW, kind, content)
        if set(documents.outcomes(verdicts)) - {"new", "changed"}:
            raise AssertionError(f"{kind}: a row of the simulated fleet was rejected")
    with database.transaction() as session:
        capacity_exposure.keep(session, capacity_exposure.outstanding(session, _NOW))
    with database.snapshot() as session:
        known = plan_facts.untested(session, _NOW)
    database.close()
    return known
