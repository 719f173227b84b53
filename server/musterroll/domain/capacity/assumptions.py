"""Assumptions of a plan beyond what is measured, with defaults for an average field service."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple

from musterroll.domain.values.errors import DomainError


class BadAssumption(DomainError):
    code = "bad_assumption"


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Percentages (100: as now); hours, days, minutes, money as named."""

    deployments: float = 100.0
    deployed: str = ""  # as `paces` writes it
    deployed_range: float = 20.0
    retirements: float = 100.0
    incident_rate: float = 100.0
    recalled: str = ""
    recall_months: float = 3.0
    travel_hours: float = 1.5
    productive_hours: float = 110.0
    absence: float = 12.0
    contacts: float = 1.3
    desk_minutes: float = 12.0
    opening_hours: float = 190.0
    peak: float = 150.0
    service_level: float = 80.0
    answer_seconds: float = 20.0
    occupancy: float = 85.0
    shrinkage: float = 30.0
    lead_days: float = 30.0
    spares_target: float = 95.0
    field_cost: float = 65.0
    desk_cost: float = 40.0
    part_cost: float = 90.0
    currency: str = "EUR"

    @property
    def paces(self) -> dict[str, float]:
        """Units deployed a month by product, where they are set."""
        return paces(self.deployed)

    def changed(self) -> dict[str, Any]:
        """The assumptions that differ from the defaults."""
        return {name: value for name, value in asdict(self).items() if value != getattr(DEFAULTS, name)}


class Spec(NamedTuple):
    """How an assumption is shown: its group, name, unit, meaning, and the range and step of its slider."""

    group: str
    name: str
    unit: str
    means: str
    least: float = 0
    most: float = 0
    step: float = 1


_MOST_DEPLOYED = 1_000_000  # units of a product a month
LONGEST = 4000
DEFAULTS = Assumptions()
SPECS: dict[str, Spec] = {
    "deployments": Spec("Fleet", "Deployments", "%", "of planned deliveries, elsewhere of the pace of the last twelve months", 0, 400, 10),
    "deployed": Spec("Fleet", "Deployments by product", "units per month", "after the last planned delivery, as in Pump 3=40; Fan 2=0"),
    "deployed_range": Spec("Fleet", "Range of deployments by product", "± %", "80 % range of the numbers set by product", 0, 100, 5),
    "retirements": Spec("Fleet", "Retirements", "%", "of the pace of the last six months", 0, 400, 10),
    "incident_rate": Spec("Fleet", "Incident rate", "%", "of the measured rate", 10, 300, 5),
    "recalled": Spec("Fleet", "Recalled product", "", "one visit to every operating unit"),
    "recall_months": Spec("Fleet", "Recall spread over", "months", "evenly, starting next month", 1, 12, 1),
    "travel_hours": Spec("Field", "Travel time", "hours per visit", "round trip", 0, 12, 0.25),
    "productive_hours": Spec("Field", "Productive hours", "per technician and month", "on site or travelling, before absence", 40, 180, 5),
    "absence": Spec("Field", "Absence", "%", "of technician time: leave, illness, training", 0, 50, 1),
    "contacts": Spec("Desk", "Contacts", "per incident", "calls, e-mails or chats", 1, 6, 0.1),
    "desk_minutes": Spec("Desk", "Desk time for field incidents", "minutes per contact", "incidents resolved by a visit", 1, 60, 1),
    "opening_hours": Spec("Desk", "Opening hours", "hours per month", "190: nine hours, five days a week", 80, 744, 2),
    "peak": Spec("Desk", "Peak half-hour", "%", "of the average half-hour", 100, 400, 10),
    "service_level": Spec("Desk", "Service level", "%", "of contacts answered within the target time", 50, 99, 1),
    "answer_seconds": Spec("Desk", "Target answer time", "seconds", "until an agent answers", 5, 600, 5),
    "occupancy": Spec("Desk", "Maximum occupancy", "%", "of agent time spent on contacts", 50, 100, 1),
    "shrinkage": Spec("Desk", "Shrinkage", "%", "of paid time not available for contacts", 0, 60, 1),
    "lead_days": Spec("Parts", "Lead time", "days", "to restock a part", 1, 365, 1),
    "spares_target": Spec("Parts", "Parts availability", "%", "probability that stock lasts the lead time", 50, 99.9, 0.1),
    "field_cost": Spec("Cost", "Field hour", "", "fully loaded", 0, 500, 1),
    "desk_cost": Spec("Cost", "Desk hour", "", "fully loaded", 0, 500, 1),
    "part_cost": Spec("Cost", "Part", "", "fully loaded", 0, 10_000, 1),
    "currency": Spec("Cost", "Currency", "", "three-letter code, such as EUR"),
}
assert set(SPECS) == {one.name for one in fields(Assumptions)}


def assume(given: Mapping[str, Any]) -> Assumptions:
    """The defaults with these changed; numbers may be text. Raises BadAssumption."""
    unknown = next((name for name in given if name not in SPECS), None)
    if unknown is not None:
        raise BadAssumption(f"unknown assumption {str(unknown)[:40]!r}; use one of {', '.join(SPECS)}")
    return Assumptions(**{name: _read(name, value) for name, value in given.items()})


def paces(text: str) -> dict[str, float]:
    """Units a month by product. Raises BadAssumption.

    >>> paces("Acme Pump 3=40; Acme Fan=2.5")
    {'Acme Pump 3': 40.0, 'Acme Fan': 2.5}
    """
    numbers = {}
    for entry in filter(None, map(str.strip, text.split(";"))):
        name, _, units = entry.rpartition("=")
        try:
            number = float(units)
        except ValueError:
            number = -1.0
        if not name.strip() or not 0 <= number <= _MOST_DEPLOYED:
            raise BadAssumption(f"deployed must be products with units per month, as in Pump 3=40; Fan 2=0, not {entry[:40]!r}")
        numbers[name.strip()] = number
    return numbers


def as_text(numbers: Mapping[str, float]) -> str:
    """Such as `paces` reads."""
    return "; ".join(f"{name}={number:g}" for name, number in numbers.items())


def _read(name: str, value: Any) -> Any:
    if name == "deployed":
        if not isinstance(value, str) or len(value) > LONGEST:
            raise BadAssumption(f"deployed must be a text of at most {LONGEST:,} characters")
        return as_text(paces(value))
    if name == "currency":
        if not (isinstance(value, str) and len(value) == 3 and value.isascii() and value.isalpha() and value.isupper()):
            raise BadAssumption("currency must be a three-letter code such as EUR")
        return value
    if name == "recalled":
        if not isinstance(value, str) or len(value) > 200:
            raise BadAssumption("recalled must be the name of a product in the plan")
        return value.strip()
    spec = SPECS[name]
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if isinstance(value, bool) or not spec.least <= number <= spec.most:
        raise BadAssumption(f"{name} must be a number from {spec.least:g} to {spec.most:g}, not {str(value)[:20]!r}")
    return number
