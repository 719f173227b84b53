"""Customers counted by standing: of all, of a segment, of a country, by month of first purchase."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from typing import NamedTuple, Protocol, TypeVar

from musterroll.domain.contracts.renewals import quarter
from musterroll.domain.customers.standing import Cause, Standing
from musterroll.domain.values.dates import Span, add_months

UNKNOWN = "unknown"  # month of first purchase


class CustomerCounts(NamedTuple):
    """`ever` is `operating`, `dormant` and `lapsed` together; `won_back` are of those now; `churned` ended in the last quarter."""

    ever: int = 0
    operating: int = 0
    dormant: int = 0
    lapsed: int = 0
    won_back: int = 0
    churned: int = 0

    @property
    def now(self) -> int:
        return self.operating + self.dormant


class CustomerGroup(NamedTuple):
    """Customers of a segment, a country, or a month of first purchase such as `2026-11`; the key is empty where it is not on record."""

    key: str
    counts: CustomerCounts


class Counted(Protocol):
    """What is counted of a customer."""

    @property
    def standing(self) -> Standing: ...
    @property
    def won_back_on(self) -> date | None: ...
    @property
    def churned(self) -> bool: ...


C = TypeVar("C", bound=Counted)


def count(customers: Iterable[Counted]) -> CustomerCounts:
    rows = list(customers)
    standings = [row.standing for row in rows]
    operating, dormant, lapsed = (standings.count(standing) for standing in (Standing.OPERATING, Standing.DORMANT, Standing.LAPSED))
    return CustomerCounts(
        len(rows), operating, dormant, lapsed, sum(row.won_back_on is not None for row in rows), sum(row.churned for row in rows)
    )


def by(customers: Iterable[C], key: Callable[[C], str]) -> list[CustomerGroup]:
    """In the order of their keys."""
    groups: dict[str, list[C]] = defaultdict(list)
    for row in customers:
        groups[key(row)].append(row)
    return [CustomerGroup(name, count(groups[name])) for name in sorted(groups)]


def last_quarter(on: date) -> Span:
    """The last calendar quarter that is over.

    >>> [str(day) for day in last_quarter(date(2026, 12, 1))]
    ['2026-07-01', '2026-10-01']
    """
    this = date(on.year, (on.month - 1) // 3 * 3 + 1, 1)
    return Span(add_months(this, -3), this)


def quarter_name(of: Span) -> str:
    return quarter(of.starts_on)


def month(first_on: date | None) -> str:
    """
    >>> month(date(2026, 11, 3)), month(None)
    ('2026-11', 'unknown')
    """
    return UNKNOWN if first_on is None else f"{first_on:%Y-%m}"


def count_causes(causes: Iterable[Cause | None]) -> dict[Cause, int]:
    """How often each, the most frequent first."""
    numbers: dict[Cause, int] = defaultdict(int)
    for cause in causes:
        if cause is not None:
            numbers[cause] += 1
    return dict(sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0])))
