"""Units of the company: where they stand, since when, until when they reported, and what went wrong with them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import NamedTuple

from musterroll.simulator.company.customers import CUSTOMERS, SITES, Row, account_ref, site_ref
from musterroll.simulator.fleet import KINDS, SimulatedUnit, fleet

FADING = 7  # a customer whose units fall silent
_LISTS = (12, 9, 6, 4, 2, 1, 0)  # months ago, when another platform gave out a list
_TICKET_DAYS = 730
_TROUBLES = (("Hardware failure", 3.5, 1), ("No signal", 1.2, 0), ("Sensor out of range", 2.0, 1), ("Question", 0.4, 0))


class OwnedUnit(NamedTuple):
    unit: SimulatedUnit
    customer: int
    site: int
    installed_on: date
    status: str
    silent_on: date | None  # the first day without a report


def owned_units(seed: int, number: int, today: date) -> list[OwnedUnit]:
    return [_owned(unit, place, today) for place, unit in enumerate(fleet(seed, number))]


def _owned(unit: SimulatedUnit, place: int, today: date) -> OwnedUnit:
    dice = Random(unit.serial)  # noqa: S311
    installed_on = min(datetime.fromtimestamp(unit.installed_at, UTC).date(), today - timedelta(days=20))
    customer = dice.randrange(CUSTOMERS)
    status = dice.choices(("Installed", "In Stock", "Retired", "Returned"), (92, 3, 3, 2))[0]
    silent = dice.random() < (0.5 if customer == FADING else 0.06)
    silent_on = max(installed_on, today - timedelta(days=dice.randint(10, 70) if customer == FADING else dice.randint(10, 400)))
    return OwnedUnit(unit, customer, dice.randrange(SITES), installed_on, status, silent_on if silent or status != "Installed" else None)


def products() -> Iterator[Row]:
    for kind in KINDS:
        price = 60 + 12 * (kind.months or 10) // 3
        yield {"Manufacturer": kind.maker, "Model": kind.model, "List Price Per Year": str(price), "Currency": "EUR"}


def records(units: list[OwnedUnit]) -> Iterator[Row]:
    for owned in units:
        kind = owned.unit.kind
        yield {
            **{"Serial Number": owned.unit.serial, "Manufacturer": kind.maker, "Model": kind.model},
            **{"Ship Date": str(owned.installed_on - timedelta(days=21)), "Install Date": str(owned.installed_on), "Status": owned.status},
            **{"Account ID": account_ref(owned.customer), "Site ID": site_ref(owned.customer, owned.site)},
            **{"Warranty Months": str(kind.months or "")},
        }


def report_list(units: list[OwnedUnit], at: datetime) -> Iterator[Row]:
    """The list that the platform of units without an agent gives out at an instant."""
    for owned in units:
        if owned.status == "In Stock" or owned.installed_on >= at.date():
            continue
        last = min(at, datetime.combine(owned.silent_on, time(9), UTC)) if owned.silent_on else at
        yield {
            **{"Serial Number": owned.unit.serial, "Manufacturer": owned.unit.kind.maker, "Model": owned.unit.kind.model},
            **{"First Seen": f"{owned.installed_on}T09:00:00Z", "Last Seen": f"{last - timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}"},
            **{"Firmware": owned.unit.firmware, "Operating Hours": str(owned.unit.operating(int(last.timestamp())) // 3600)},
        }


def list_instants(now: datetime) -> list[datetime]:
    return [now - timedelta(days=30 * back, hours=1) for back in _LISTS]


def tickets(units: list[OwnedUnit], today: date) -> Iterator[Row]:
    """About one a unit in two years; older units and one model fail more often."""
    number = 4000
    for owned in units:
        dice = Random(f"{owned.unit.serial}/tickets")  # noqa: S311
        ends = owned.silent_on or today
        on = max(owned.installed_on, today - timedelta(days=_TICKET_DAYS))
        while (on := on + timedelta(days=1 + int(dice.expovariate(_rate(owned, on))))) < ends:
            number += 1
            what, hours, parts = dice.choices(_TROUBLES, (4, 3, 2, 2))[0]
            closed = on + timedelta(days=dice.randint(0, 9))
            yield {
                **{"Ticket": f"T-{number}", "Serial Number": owned.unit.serial, "Manufacturer": owned.unit.kind.maker},
                **{"Opened": str(on), "Closed": str(closed) if closed <= today else "", "Category": what},
                **{"Hours": f"{hours * dice.uniform(0.6, 1.8):.2f}", "Parts": str(parts)},
            }


def _rate(owned: OwnedUnit, on: date) -> float:
    """Tickets a day."""
    years = (on - owned.installed_on).days / 365
    return (1.6 if owned.unit.kind.model == "CoolBox 400" else 0.8) * (0.5 + 0.25 * years) / 365
