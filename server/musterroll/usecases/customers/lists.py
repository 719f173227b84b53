"""Lists of customers: those behind a number."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from musterroll.domain.contracts.book import rank
from musterroll.domain.customers.counts import UNKNOWN
from musterroll.domain.customers.standing import Cause, Standing
from musterroll.domain.values.exchange import Exchange
from musterroll.usecases.customers.base import CustomerRow


class Who(StrEnum):
    """`won_back` and `churned` (in the last quarter) are of those with a contract or unit again, and of all."""

    EVER = "ever"
    NOW = "now"
    OPERATING = "operating"
    DORMANT = "dormant"
    LAPSED = "lapsed"
    WON_BACK = "won_back"
    CHURNED = "churned"


class Sort(StrEnum):
    """The largest first: by deployed units, annual value, or what of it is at stake."""

    UNITS = "units"
    VALUE = "value"
    STAKE = "stake"


class CustomerFilter(NamedTuple):
    """Which customers; all given fields must match. `first`: month or year of the first purchase, `before 2022`, or `unknown`."""

    who: Who = Who.EVER
    segment: str | None = None
    country: str | None = None
    first: str = ""
    cause: Cause | None = None


def filtered(rows: Iterable[CustomerRow], filters: CustomerFilter) -> list[CustomerRow]:
    return [
        row
        for row in rows
        if _is(row, filters.who)
        and filters.segment in (None, row.segment)
        and filters.country in (None, row.country)
        and filters.cause in (None, row.cause)
        and _bought(row, filters.first)
    ]


def ordered(rows: Iterable[CustomerRow], by: Sort, exchange: Exchange) -> list[CustomerRow]:
    if by is Sort.UNITS:
        return sorted(rows, key=lambda row: (-row.deployed, row.ref))
    return sorted(rows, key=lambda row: (-rank(row.worth if by is Sort.VALUE else row.stake, exchange), row.ref))


def _is(row: CustomerRow, who: Who) -> bool:
    match who:
        case Who.EVER:
            return True
        case Who.NOW:
            return row.standing is not Standing.LAPSED
        case Who.WON_BACK:
            return row.won_back_on is not None
        case Who.CHURNED:
            return row.churned
        case _:
            return str(row.standing) == who.value


def _bought(row: CustomerRow, first: str) -> bool:
    if not first:
        return True
    if row.first_on is None:
        return first == UNKNOWN
    if first.startswith("before "):
        return f"{row.first_on.year:04}" < first.removeprefix("before ")
    return f"{row.first_on:%Y-%m}".startswith(first)
