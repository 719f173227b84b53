"""The ready-made segments: which accounts, by which rule and numbers, from which source, and what to do with them.

Pages, commands, REST and docs/segments.md take their words from here, and the rules take their numbers from here.
"""

from enum import StrEnum
from typing import NamedTuple

VALUABLE_SHARE = 4  # one account in so many is valuable, those with the highest annual value
DORMANT_SHARE = 0.5  # of the deployed units
LAPSED_MONTHS = 36
ENDING_DAYS = 90
NOTICE_DAYS = 30
FEATURE_DAYS = 30
FEATURE_ACCOUNTS = 10  # that have the counter, at least
FEATURE_SHARE = 0.5  # of them use it
ENGAGED_DAYS = 28
ENGAGED_UNITS = 3  # that report the counter, at least
ENGAGED_ACCOUNTS = 5  # with so many units, at least
LOW, HEAVY = 0.5, 2.0  # times the median
BUYING_MONTHS = 24
BUYING_TIMES = 4  # months with a purchase


class SegmentGroup(StrEnum):
    """By what it is good for."""

    KEEP = "Keep"
    RENEW = "Renew"
    GROW = "Grow"
    ADOPT = "Adopt"
    ADVOCATES = "Advocates"
    SAVED = "Saved filters"


class ReadyMade(NamedTuple):
    """`counts`: what its units and their annual value are."""

    key: str
    group: SegmentGroup
    name: str
    action: str
    rule: str
    counts: str
    source: str


_VALUE = "annual value by contract line, else by list price"
_DEPLOYED = f"The deployed units of the account; {_VALUE}."

READY_MADE = (
    ReadyMade(
        "valuable-dormant",
        SegmentGroup.KEEP,
        "Valuable but dormant",
        "Call: they pay much and use little.",
        f"Accounts in the top quarter by annual value of their deployed units, of which at least {DORMANT_SHARE:.0%} do not report.",
        f"The silent deployed units; {_VALUE}.",
        "Reports of the units, contract lines and list prices.",
    ),
    ReadyMade(
        "at-risk",
        SegmentGroup.KEEP,
        "At risk",
        "Call support and the customer: much trouble and falling use.",
        "Accounts whose use declines over 12 complete weeks (Mann-Kendall test, at most 0.5 % false alarms, at least a fifth less) and "
        "that opened more tickets per deployed unit in the last 90 days than the whole fleet.",
        _DEPLOYED,
        "Counters of the units and incidents.",
    ),
    ReadyMade(
        "lapsed",
        SegmentGroup.KEEP,
        "Lapsed",
        "Win back.",
        f"Accounts whose last contract ended within the last {LAPSED_MONTHS} months, with none in force or still to begin, and "
        "without units under a contract of another account.",
        "The seats of the contracts that ended last, with their annual value at the end.",
        "Contracts and contract lines.",
    ),
    ReadyMade(
        "near-end",
        SegmentGroup.RENEW,
        "Near contract end",
        "Send a renewal offer.",
        f"Accounts with a contract that ends within {ENDING_DAYS} days and does not renew by itself.",
        "The seats of these contracts, with their annual value.",
        "Contracts and contract lines.",
    ),
    ReadyMade(
        "notice-due",
        SegmentGroup.RENEW,
        "Due for notice",
        "Call before the customer decides.",
        f"Accounts with an auto-renewing contract whose last day to give notice is within {NOTICE_DAYS} days.",
        "The seats of these contracts, with their annual value.",
        "Contracts with their notice period.",
    ),
    ReadyMade(
        "upsell",
        SegmentGroup.GROW,
        "At its limits",
        "Offer a larger package.",
        "Accounts with a contract line of which at least 80 % of a limit is used in the current period.",
        "The seats of these lines, with their annual value.",
        "Limits of contract lines; incidents and counters of the units on them.",
    ),
    ReadyMade(
        "cross-sell",
        SegmentGroup.GROW,
        "Owns A, but not B",
        "Offer the product that goes with it.",
        "Accounts with deployed units of a product A and none of product B, for each pair that was learned from all accounts and confirmed "
        "by a person.",
        f"The deployed units of A; {_VALUE}.",
        "Deployed units by account and product; confirmed pairs.",
    ),
    ReadyMade(
        "feature-unused",
        SegmentGroup.ADOPT,
        "Feature not used",
        "Show them what they have.",
        f"Accounts whose operating units of a product report a counter that none of them used in the last {FEATURE_DAYS} days, while at "
        f"least {FEATURE_SHARE:.0%} of at least {FEATURE_ACCOUNTS} accounts with it did.",
        f"Their operating units that report such a counter; {_VALUE}.",
        "Counters of the units, except operating time.",
    ),
    ReadyMade(
        "low-engagement",
        SegmentGroup.ADOPT,
        "Low engagement",
        "Offer training.",
        f"Accounts that use a product less than half as much per unit as the median account, by a counter over {ENGAGED_DAYS} days; of "
        f"accounts with at least {ENGAGED_UNITS} operating units that report it, where there are at least {ENGAGED_ACCOUNTS}.",
        f"Their operating units that report such a counter; {_VALUE}.",
        "Counters of the units.",
    ),
    ReadyMade(
        "heavy-users",
        SegmentGroup.ADVOCATES,
        "Heavy users",
        "Ask for a reference or for a beta test.",
        f"Accounts that use a product at least twice as much per unit as the median account, by a counter over {ENGAGED_DAYS} days; of "
        f"accounts with at least {ENGAGED_UNITS} operating units that report it, where there are at least {ENGAGED_ACCOUNTS}.",
        f"Their operating units that report such a counter; {_VALUE}.",
        "Counters of the units.",
    ),
    ReadyMade(
        "frequent-buyers",
        SegmentGroup.ADVOCATES,
        "Frequent buyers",
        "Offer loyalty terms.",
        f"Accounts that bought units in at least {BUYING_TIMES} different months of the last {BUYING_MONTHS}.",
        f"The units bought in this time; {_VALUE}.",
        "Purchase dates of the units, else their ship dates.",
    ),
)
BY_KEY = {segment.key: segment for segment in READY_MADE}

# The built-in filters of the fleet (`usecases.fleet.segments`) by group.
FILTER_GROUPS = {
    "dormant": SegmentGroup.KEEP,
    "near-expiry": SegmentGroup.RENEW,
    "attach": SegmentGroup.RENEW,
    "over-quantity": SegmentGroup.GROW,
    "old-firmware": SegmentGroup.GROW,
    "old-model": SegmentGroup.GROW,
}
