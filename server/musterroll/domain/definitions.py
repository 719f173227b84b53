"""What each headline figure means: pages, the command line, REST and docs/definitions.md take their words from here.

The windows are those that the rules use unless admins have set others (`under`). To add a figure: an entry here, its mark in the
template, and `musterroll definitions > docs/definitions.md`.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from musterroll.domain.contracts import book, renewal_outcomes, renewals, retention
from musterroll.domain.customers import cohorts
from musterroll.domain.customers.standing import GAP
from musterroll.domain.installed_base import positions
from musterroll.domain.liveness import DEFAULT_RULES, LIST_AGE, ReportingClass, WindowRule, window_settings, windows
from musterroll.domain.liveness.window_settings import ADOPTION_DAYS, LIST_DAYS
from musterroll.domain.usage import adoption, decline
from musterroll.domain.values import durations

Rules = Mapping[ReportingClass, WindowRule]


class Definition(NamedTuple):
    """A figure. `denominator` is empty where it is a count or a sum, `window` where no span of time matters."""

    key: str
    name: str
    means: str
    numerator: str
    denominator: str = ""
    window: str = ""

    @property
    def parts(self) -> list[tuple[str, str]]:
        """The parts that it has, each with its label."""
        labels = (("Counted" if not self.denominator else "Numerator", self.numerator), ("Denominator", self.denominator))
        return [(label, text) for label, text in (*labels, ("Window", self.window)) if text]


def _days(numbers: Iterable[int]) -> str:
    *first, last = map(str, numbers)
    return f"{', '.join(first)} or {last} days"


def _stale(reporting: ReportingClass, interval: int, rules: Rules) -> str:
    seconds = windows(reporting, interval, rules).stale
    return f"{durations.rounded(seconds)} ({reporting.replace('_', ' ')}, reporting every {durations.written(interval)})"


def _examples(rules: Rules) -> str:
    return f"for example {_stale(ReportingClass.ALWAYS_ON, 60, rules)} or {_stale(ReportingClass.SCHEDULED, 86_400, rules)}"


def _lists(days: int) -> str:
    return f"Imported lists count for {days} days, or one window of the unit if that is longer."


def _used(days: int) -> str:
    return f"The last {days} days, today included; {_days(adoption.WINDOWS)} are shown."


_EXAMPLES = _examples(DEFAULT_RULES)
_STALE = (
    f"Until the silence window of the unit has passed while the registry was listening, {_EXAMPLES}; class and interval are set by "
    "product, and admins may change the windows. "
    f"{_lists(LIST_AGE // 86_400)}"
)
_TODAY = "Contracts in force today (UTC)."
_ENDED = f"Terms that ended in the last {retention.BACK} months, or in the quarter shown."
_USED = _used(30)
_HAD = "a contract in force or a unit deployed"
_ROLLED = "Each account for itself, or with all its subsidiaries, as chosen on the page."
_BASE_FALL = f"Installed base now, compared with {renewals.ACTIVITY_DAYS} days ago."

_FLEET = (
    Definition("registered", "Registered", "Units that the registry knows, in every state.", "All units; merged duplicates count once."),
    Definition(
        "deployed", "Deployed", "Units in use at a customer, by record or as set by a person.", "Units in lifecycle state deployed."
    ),
    Definition(
        *("operating", "Operating", "Deployed units that report as expected."),
        "Deployed units that are operating, late or unusually quiet, and not yet stale.",
        window=_STALE,
    ),
    Definition(
        *("operating_share", "Operating share", "The part of the deployed units that is operating."),
        *("Operating units.", "Deployed units.", _STALE),
    ),
    Definition(
        *("silent", "Silent", "Deployed units that are not operating."),
        "Deployed units that are stale, have never reported, are silent with paused alerts, or unknown because their list is too old.",
        window=_STALE,
    ),
    Definition(
        *("operating_anywhere", "Operating, deployed or not", "Units that report as expected, whatever their records say."),
        "Units that are operating, late or unusually quiet, in every lifecycle state.",
        window=_STALE,
    ),
    Definition("contracted", "Contracted", "Units on a service contract.", "Units on a line of a contract in force.", window=_TODAY),
)
_LICENCES = (
    Definition(
        *("active_licences", "Active licences", "Licences that are in use."),
        "Licences on contract lines in force that are assigned to an operating unit, deployed or not.",
        window=f"{_TODAY} Operating: {_STALE[0].lower()}{_STALE[1:]}",
    ),
    Definition("sold", "Sold", "Licences that customers have bought.", "Quantity of all contract lines in force.", window=_TODAY),
    Definition(
        *("provisioned", "Provisioned", "Units that are set up to be used."),
        "Units that are deployed, or enrolled and neither returned nor retired.",
    ),
    Definition(
        *("active_in_window", "Active in N days", "Provisioned units that were heard lately."),
        "Provisioned units that have reported in the window.",
        window=f"The last {_days(positions.WINDOWS)}, or any number chosen on the page.",
    ),
    Definition(
        *("over_licences", "Over", "Licences that are used beyond those sold."),
        "Provisioned units without a licence on a line in force; of products counted by host or core, the licences that the provisioned "
        "units of a customer and its subsidiaries take, less those sold.",
        window=_TODAY,
    ),
    Definition(
        *("under_licences", "Under", "Licences sold that are not in use."),
        "Licences on lines in force without a provisioned unit; of products counted by host or core, the licences sold to a customer and "
        "its subsidiaries, less those that its provisioned units take.",
        window=_TODAY,
    ),
    Definition(
        *("active_share", "Active share", "The part of the licences sold that is in use."), *("Active licences.", "Licences sold.", _TODAY)
    ),
)
_CONTRACTS = (
    Definition(
        *("attach_rate", "Contract attach rate", "How many units in use have a service contract."),
        *("Deployed and operating units on a contract in force.", "Deployed and operating units.", _TODAY),
    ),
    Definition(
        *("coverage_rate", "Coverage rate", "How many deployed units are covered at all."),
        *("Deployed units on a contract in force or in warranty.", "Deployed units.", "Contracts and warranties in force today (UTC)."),
    ),
    Definition(
        *("due_contracts", "Due within twelve months", "Contracts whose current term ends soon, also where they auto-renew."),
        *("Contracts in force whose term ends in the window.", "", "The next twelve months."),
    ),
    Definition(
        *("declining_base", "Declining usage before renewal", "Contracts due whose account has a shrinking installed base."),
        f"Contracts due of accounts whose operating base fell by {renewals.LEAST_FALL:.0%} or more.".replace("%", " %"),
        window=_BASE_FALL,
    ),
    Definition(
        *("renewal_rate", "Renewal rate", "How many contract terms that ended were renewed."),
        "Terms renewed: automatically, by a contract that names them, or by one of the same account that begins within "
        f"{renewal_outcomes.FOLLOWS.days} days and covers at least half of the same units.",
        *("Terms that ended.", _ENDED),
    ),
    Definition(
        *("gross_retention", "Gross retention", "The annual value that renewals kept, without what they added."),
        *("Annual value renewed, for each term at most its value before.", "Annual value of the priced terms that ended.", _ENDED),
    ),
    Definition(
        *("net_retention", "Net retention", "The annual value that renewals kept, with what they added."),
        *("Annual value of what renewed the terms.", "Annual value of the priced terms that ended.", _ENDED),
    ),
)
_WORTH = (
    Definition(
        *("annual_value", "Annual value", "What the contracts are worth a year."),
        "Price a year and unit times quantity, of the priced contract lines in force. Amounts of several currencies are not added.",
        window=_TODAY,
    ),
    Definition(
        *("at_stake", "At stake", "The part of the annual value that may be lost. Each amount counts once."),
        "Annual value of licences on silent units, of licences without a unit, of lines that are overdue or end without renewal, and of "
        "accounts with a declining installed base.",
        window=f"Ending: in the next {book.ENDING} days. Declining: {_BASE_FALL[0].lower()}{_BASE_FALL[1:]}",
    ),
    Definition(
        *("renewals_next_quarter", "Renewals next quarter", "Annual value of the contracts whose term ends in the next quarter."),
        *("Priced lines of contracts due, also of those that auto-renew.", "", "The next calendar quarter."),
    ),
    Definition(
        *("expected_renewals", "Expected to renew", "How many contracts due will be renewed, and their annual value, with an 80 % range."),
        "Contracts due, times the share renewed in past quarters; the range allows for chance and for differences between quarters.",
        "Contracts whose term ends in the quarter.",
        f"Complete quarters of the last {retention.BACK} months; at least 10 terms.",
    ),
    Definition(
        *("findings_at_stake", "Annual value at stake (findings)", "Annual value of what records and fleet disagree about."),
        *("Annual value of the open findings that have a price, each amount once.", "", "Open findings now."),
    ),
)
_CUSTOMERS = (
    Definition(
        *("customers_ever", "Customers ever", "Accounts that are or were customers."),
        f"Accounts with {_HAD}.",
        window=f"Contracts that have begun, without drafts; units that were deployed. {_ROLLED}",
    ),
    Definition(
        *("customers_now", "Customers now", "Accounts that are customers today."),
        *("Accounts with a contract in force or a unit deployed.", "", f"{_TODAY} {_ROLLED}"),
    ),
    Definition(
        *("customers_operating", "With operating units", "Customers whose units are in use."),
        *("Customers now with at least one deployed and operating unit.", "", _STALE),
    ),
    Definition(
        *("customers_dormant", "Dormant", "Customers of whom nothing operates."),
        *("Customers now without an operating unit, also those with a contract and no unit.", "", _STALE),
    ),
    Definition(
        *("customers_lapsed", "Lapsed", "Accounts that were customers and are none now."),
        *(f"Accounts with {_HAD} in the past, and neither today.", "", _TODAY),
    ),
    Definition(
        *("customers_won_back", "Won back", "Customers that had lapsed and came back."),
        *(f"Customers now, after more than {GAP.days} days without a contract in force or a unit deployed.", "", _TODAY),
    ),
    Definition(
        *("customers_churned", "Churned", "Customers lost in the last quarter."),
        f"Customers whose last contract or unit ended in the quarter, with none that follows within {GAP.days} days.",
        *("Customers on the first day of the quarter.", "The last calendar quarter that is over."),
    ),
    Definition(
        *("customer_retention", "Retention of customers", "The share of customers that has not lapsed, by time since the first purchase."),
        "Kaplan-Meier estimate of the time to the first lapse, with 95 % ranges; others count for the time observed.",
        *(
            "Customers by year of first purchase.",
            f"Up to {cohorts.MOST} months; at least {cohorts.FEWEST} customers observed for so long.",
        ),
    ),
)
_USE = (
    Definition(
        *("adoption", "Adoption", "How many operating units use a function that has a counter."),
        *("Operating units whose counter has grown on at least one day of the window.", "Deployed and operating units.", _USED),
    ),
    Definition(
        *("milestones", "From shipping to use", "How long units take from shipping to each step, and how many reach it."),
        "Units that reached the step by the day.",
        "Units shipped at least so long ago, so that new units do not lower the share.",
        f"{_days(adoption.HORIZONS)} after shipping.",
    ),
    Definition(
        *("declining_use", "Declining use", "Accounts whose use of a counter falls, by a Mann-Kendall test."),
        f"Accounts and counters with at most {100 * decline.LEVEL:g} % probability by chance and {100 * decline.FALL:.0f} % less use "
        f"in the last {decline.ENDS} weeks than in the first {decline.ENDS}.",
        f"Accounts and counters with use since the start of the {decline.WEEKS} weeks.",
        f"The last {decline.WEEKS} complete weeks.",
    ),
)
_DEMAND = (
    Definition(
        *("expected_incidents", "Expected incidents", "Incidents that the operating base is expected to cause, with 80 % and 95 % ranges."),
        "Expected exposure times the incident rate of each product, age and season; the rates are learned from the incidents on record.",
        window="The next month, quarter or year.",
    ),
    Definition(
        *("exposure", "Unit-months (exposure)", "Operating time, in which units can fail."),
        "Time for which deployed units were operating, in months of 30.44 days. Silent time and units never heard do not count.",
        window="The months since incidents are on record.",
    ),
    Definition(
        *("afr", "Annual failure rate (AFR)", "Failures a year for each unit in operation, with a 95 % range."),
        *(
            "Failures: incidents on record for which a part was used.",
            "Unit-years of exposure (365 days).",
            "The months since incidents are on record.",
        ),
    ),
)
GROUPS = {
    "Installed base": _FLEET,
    "Licences": _LICENCES,
    "Contracts and renewals": _CONTRACTS,
    "Worth": _WORTH,
    "Customers": _CUSTOMERS,
    "Use": _USE,
    "Capacity": _DEMAND,
}
DEFINITIONS = {definition.key: definition for group in GROUPS.values() for definition in group}


def under(definition: Definition, values: Mapping[str, int]) -> Definition:
    """A definition with the windows that admins have set, by name."""
    window = definition.window.replace(_EXAMPLES, _examples(window_settings.rules(values)))
    for words, default, days in ((_lists, LIST_AGE // 86_400, values.get(LIST_DAYS)), (_used, 30, values.get(ADOPTION_DAYS))):
        window = window if days is None else window.replace(words(default), words(days))
    return definition._replace(window=window)
