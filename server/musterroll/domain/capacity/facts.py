"""The facts of a fleet for planning, gathered once for all plans and scenarios."""

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from musterroll.domain.capacity.ageing import AGE_BANDS
from musterroll.domain.capacity.backtest import BacktestRow


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """A product. Lists by month run over `PlanFacts.months`, oldest first; inner lists by age band (`ageing.AGE_BANDS`)."""

    id: int
    maker: str
    model: str
    kin: str  # the group it is pooled with: family, else maker, else other makers
    exposure: list[list[float]]  # unit-months of operation
    events: list[list[int]]  # incidents of registered units
    visits: list[list[int]]  # of these, the ones a part was used for
    by_age: list[int]  # units operating now, by completed months in service
    shipped: int  # on their way or in stock: operating nowhere yet
    regions: dict[str, int]  # units operating now
    covered: list[int]  # units operating now that are still covered after 0, 1, 2 ... months
    planned: list[tuple[float, float]] = field(default_factory=list)  # deliveries by month from this one on: `deployments.by_month`
    pace: float | None = None  # units deployed a month, where a person sets it

    @property
    def name(self) -> str:
        return self.model if self.model.casefold().startswith(self.maker.casefold()) else f"{self.maker} {self.model}"

    @property
    def operating(self) -> int:
        return sum(self.by_age)


@dataclass(frozen=True, slots=True)
class SegmentRenewals:
    """Terms of contracts of one segment and currency that came to their end, and those that will: (months from now, worth a year)."""

    segment: str
    currency: str
    due: int
    renewed: int
    coming: list[tuple[int, float]]
    outcomes: dict[str, int] = field(default_factory=dict)  # of the terms that ended, by `Outcome`
    priced: int = 0  # of the terms that ended
    ended_worth: float = 0.0  # of these, a year
    gross: float = 0.0  # what renewals kept of it
    net: float = 0.0  # with what they added


@dataclass(frozen=True, slots=True)
class AccountAtRisk:
    """Annual revenue of an account whose units are silent or declining."""

    account: str
    name: str
    risk: str
    operating: int
    before: int
    deployed: int
    value: float
    currency: str


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """`months` are the first days of the whole months of history; incidents are known from `log_starts` on."""

    on: date
    months: list[date]
    log_starts: int
    log_words: str
    products: list[ProductFacts]
    categories: dict[str, int]
    visit_hours: list[float]  # of closed incidents a part was used for
    desk_hours: list[float]  # of the other closed incidents
    visits: int
    incidents: int  # in the months from the start of the log, on registered units
    strangers: int  # incidents on unknown serials
    parts: int
    unheard: int  # recorded as deployed, never heard: they do not count
    silent: int  # deployed and heard once, silent now
    renewals: list[SegmentRenewals]
    at_risk: list[AccountAtRisk]
    prices: dict[str, list[float]] = field(default_factory=dict)  # a unit-month of operating units on priced lines, by currency
    log_chosen: str = ""  # the month from which a person lets incidents count, such as 2026-01
    trials: dict[str, list[BacktestRow]] = field(default_factory=dict)  # back-tests by what was estimated; periods are numbers of months

    def plain(self) -> dict[str, Any]:
        """The facts as plain JSON values."""
        return {**asdict(self), "on": self.on.isoformat(), "months": [month.isoformat() for month in self.months]}


def read_facts(plain: dict[str, Any]) -> PlanFacts:
    """Facts from the output of `plain`."""
    return PlanFacts(
        **{
            **plain,
            "on": date.fromisoformat(plain["on"]),
            "months": [date.fromisoformat(month) for month in plain["months"]],
            "products": [ProductFacts(**product) for product in plain["products"]],
            "renewals": [
                SegmentRenewals(**{**entry, "coming": [(months, value) for months, value in entry["coming"]]})
                for entry in plain["renewals"]
            ],
            "trials": {name: [BacktestRow(*row) for row in rows] for name, rows in plain["trials"].items()},
            "at_risk": [AccountAtRisk(**entry) for entry in plain["at_risk"]],
        }
    )


def unit_months(facts: PlanFacts) -> list[float]:
    """The unit-months of all products together, by month of history."""
    return [sum(map(sum, bands)) for bands in zip(*(product.exposure for product in facts.products), strict=True)] or [0.0] * len(
        facts.months
    )


ALL = "other makers"  # the group of products whose maker has too few incidents
BANDS = len(AGE_BANDS)
BAND_WORDS = ("first 3 months", "3 to 12 months", "1 to 2 years", "2 to 3 years", "3 to 4 years", "4 to 5 years", "over 5 years")
