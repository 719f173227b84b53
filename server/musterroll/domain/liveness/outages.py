"""Outages: units of one group that fall silent together, more than chance would have it.

A group is a site, an account, a firmware, or all units; which of its units are silent since about the same time, and which were heard
after, is counted elsewhere. Lengths are integer seconds, instants integer milliseconds.

That k of n units fall silent by themselves within a span, each with chance p, has a probability of at most exp(-n KL(k/n || p)), where
KL(a || p) = a ln(a/p) + (1-a) ln((1-a)/(1-p)): the tail of the binomial distribution (Chernoff 1952; Hoeffding 1963, theorem 1). p comes
from how often units of the group fell silent in the last days: p = 1 - exp(-rate * span). As several groups are looked at for one
silence, the bound is multiplied by their number (Bonferroni). The exponent is also the score by which the group is chosen: the
expectation-based scan statistic of Neill (International Journal of Forecasting 25, 2009) in its binomial form. A wider group with units
that are heard scores less, and so does a narrower one that leaves silent units out: the most specific group that explains them wins.
"""

from collections.abc import Sequence
from enum import StrEnum
from math import exp, log
from typing import NamedTuple

from musterroll.domain.values.durations import rounded


class GroupKind(StrEnum):
    """The most specific first."""

    SITE = "site"
    ACCOUNT = "account"
    FIRMWARE = "firmware"
    REGISTRY = "registry"  # all units: the broker, or the network in front of it


REMEMBERED = 7 * 86_400  # seconds of earlier silences that say how often units of a group fall silent
RECENT = 600  # seconds within which silences are looked at together
LEAST_UNITS = 3  # that are silent together
_LEAST_SHARE = 0.25, 0.5  # of the units that could have been heard, of a site and of other groups
_UNLIKELY = log(1e-6)  # of the chance that it is none
_WIDE = (GroupKind.FIRMWARE, GroupKind.REGISTRY)


class Group(NamedTuple):
    """`key`: of the site or the account its number, of a firmware its version, of all units nothing."""

    kind: GroupKind
    key: str


class Tally(NamedTuple):
    """Of one group: units silent since about the same time, and units heard since; units whose report is not due yet are neither."""

    group: Group
    silent: int
    heard: int
    earlier: int  # silences of its units in the last days that were part of no outage

    @property
    def units(self) -> int:
        return self.silent + self.heard


def worth_counting(kind: GroupKind, recent: int, earlier: int) -> bool:
    """Whether the units of a group are to be counted, given how many of them fell silent recently and in the last days.

    Sites always are, as the first unit of an outage is to be recognised; groups of many units only after several silences, and those
    without end only where these are many more than usual.
    """
    if kind is GroupKind.SITE:
        return True
    usual = earlier * RECENT / REMEMBERED if kind in _WIDE else 0.0
    return recent >= LEAST_UNITS + 5 * usual


def score(tally: Tally, span: int) -> float:
    """How unlikely it is that so many fell silent by themselves within a span: minus the logarithm of the bound; 0 where it is usual."""
    if tally.silent < LEAST_UNITS or tally.silent < _LEAST_SHARE[tally.group.kind is not GroupKind.SITE] * tally.units:
        return 0.0
    rate = (tally.earlier + 1) / (tally.units * REMEMBERED)  # one more, so that a group that was never silent has a rate
    chance, share = 1 - exp(-rate * max(span, 1)), tally.silent / tally.units
    return tally.units * _divergence(share, chance) if share > chance else 0.0


def together(heard_at: int, late_after: int, since: int) -> bool:
    """Whether a unit with this last word fell silent with an outage since an instant (ms): it would have been heard after."""
    return since - max(late_after, 60) * 1000 <= heard_at <= since + 60_000


def _divergence(share: float, chance: float) -> float:
    rest = (1 - share) * log((1 - share) / (1 - chance)) if share < 1 else 0.0
    return share * log(share / chance) + rest


def outage(tallies: Sequence[Tally], span: int) -> Tally | None:
    """The group that explains the silence best; None where chance does. `span`: seconds from the first of the last words to now.

    >>> site, account = (Tally(Group(kind, "1"), 38, heard, 2) for kind, heard in ((GroupKind.SITE, 2), (GroupKind.ACCOUNT, 60)))
    >>> outage([site, account], 180).group.kind.value, outage([site._replace(silent=3, heard=200)], 180)
    ('site', None)
    """
    scored = [(score(tally, span), -list(GroupKind).index(tally.group.kind), tally) for tally in tallies]
    best = max(scored, default=None, key=lambda item: item[:2])
    return None if best is None or log(len(tallies)) - best[0] > _UNLIKELY else best[2]


def over(silent: int, missing: int) -> bool:
    """Whether an outage is over: nine of ten of its units, and all of a few, were heard again or have left the field.

    >>> over(40, 4), over(40, 5), over(4, 1)
    (True, False, False)
    """
    return missing <= silent // 10


CAUSES = {
    GroupKind.SITE: "power or network of the site",
    GroupKind.ACCOUNT: "network of the account, as several of its sites are concerned",
    GroupKind.FIRMWARE: "this firmware, as units with other firmware are heard",
    GroupKind.REGISTRY: "the broker, or the network in front of it",
}


def extent(kind: GroupKind, name: str, silent: int, units: int) -> str:
    """
    >>> extent(GroupKind.SITE, "Depot 3", 38, 40), extent(GroupKind.REGISTRY, "", 1200, 1200)
    ('38 of 40 units of site Depot 3', '1,200 of 1,200 units of the registry')
    """
    return f"{silent:,} of {units:,} units of {'the registry' if kind is GroupKind.REGISTRY else f'{kind} {name}'}"


def lasted(since: int, until: int) -> str:
    """How long an outage took, from two instants (ms).

    >>> lasted(0, 5_400_000)
    '90 min'
    """
    return rounded((until - since) // 1000)
