"""The limits of a contract line as one text, as its document has them: `4 calls per year; 10 hours per quarter, carried over`."""

import re
from collections.abc import Iterable
from decimal import Decimal

from musterroll.domain.contracts.limits import MOST, Limit, LimitKind, LimitPeriod
from musterroll.domain.values.errors import DomainError

_KINDS = {**{kind.value.replace("_", " "): kind for kind in LimitKind if kind is not LimitKind.USAGE}, "use": LimitKind.USAGE}
_WORDS = {kind: word for word, kind in _KINDS.items()}
_ITEM = re.compile(
    rf"(?P<amount>unlimited|\d+(?:\.\d{{1,4}})?) (?P<kind>{'|'.join(_KINDS)})(?: of (?P<counter>.+?))?"
    rf"(?: per (?P<period>{'|'.join(LimitPeriod)}))?(?P<carried>, carried over)?(?P<pooled>, pooled)?",
    re.IGNORECASE,
)
FORM = "such as: 4 calls per year; 10 hours per quarter, carried over; 5000 use of pages per month, pooled; unlimited named seats"


def written(limits: Iterable[Limit]) -> str:
    """
    >>> written([Limit(LimitKind.USAGE, Decimal("5000.00"), LimitPeriod.MONTH, False, "pages", True)])
    '5000 use of pages per month, pooled'
    """
    return "; ".join(_written(limit) for limit in sorted(limits, key=lambda limit: (limit.kind, limit.counter)))


def read(text: str) -> list[Limit]:
    """The limits of a text; an amount of 0 is one to remove. Raises DomainError.

    >>> read("unlimited named seats; 2.5 Hours per quarter, carried over")[1].amount
    Decimal('2.5')
    """
    limits = [_read(item) for item in filter(None, map(str.strip, text.split(";")))]
    if len({(limit.kind, limit.counter) for limit in limits}) < len(limits):
        raise DomainError("the same limit is given twice")
    return limits


def merged(known: Iterable[Limit], given: Iterable[Limit]) -> list[Limit]:
    """What is true after some limits are set; those with an amount of 0 are gone."""
    after = {(limit.kind, limit.counter): limit for limit in (*known, *given)}
    return [limit for limit in after.values() if limit.amount != 0]


def _written(limit: Limit) -> str:
    amount = "unlimited" if limit.amount is None else f"{limit.amount.normalize():f}"
    counter = f" of {limit.counter}" if limit.counter else ""
    return f"{amount} {_WORDS[limit.kind]}{counter} per {limit.period}{', carried over' * limit.carried}{', pooled' * limit.pooled}"


def _read(item: str) -> Limit:
    match = _ITEM.fullmatch(" ".join(item.split()))
    if match is None:
        raise DomainError(f"{item[:80]!r} is not a limit {FORM}")
    amount = None if match["amount"].lower() == "unlimited" else Decimal(match["amount"])
    kind, period = _KINDS[match["kind"].lower()], LimitPeriod((match["period"] or LimitPeriod.YEAR).lower())
    limit = Limit(kind, amount, period, bool(match["carried"]), match["counter"] or "", bool(match["pooled"]))
    if amount is not None and amount > MOST:
        raise DomainError(f"a limit is a number from 0 to {MOST:,.0f}")
    if why := limit.problem:
        raise DomainError(why)
    return limit
