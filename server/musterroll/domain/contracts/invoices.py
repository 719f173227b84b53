"""Invoices: what is outstanding, and for how long it has been overdue."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from musterroll.domain.values.money import Money, totals

USUAL_DAYS = 30  # from the invoice to the day it is due, where no due date is given


class Age(StrEnum):
    """Days overdue: from `least` on."""

    least: int

    def __new__(cls, value: str, least: int = 0) -> "Age":
        age = str.__new__(cls, value)
        age._value_, age.least = value, least
        return age

    OPEN = "not due", 0
    DAYS_30 = "1-30", 1
    DAYS_60 = "31-60", 31
    DAYS_90 = "61-90", 61
    OLDER = "over 90", 91
    CREDIT = "credit notes", 0  # not used yet: below zero, and never overdue

    @property
    def overdue(self) -> bool:
        return self not in (Age.OPEN, Age.CREDIT)


_BY_DAYS = tuple(age for age in Age if age is not Age.CREDIT)


class AgeSum(NamedTuple):
    age: Age
    invoices: int
    amounts: tuple[Money, ...]


def age(due_on: date, on: date) -> Age:
    """Of an invoice.

    >>> [age(date(2026, 11, 1), date(2026, 11, 1) + timedelta(days)).value for days in (0, 1, 30, 31, 90, 91)]
    ['not due', '1-30', '1-30', '31-60', '61-90', 'over 90']
    """
    days = (on - due_on).days
    return next((each for each in reversed(_BY_DAYS) if days >= each.least), Age.OPEN)


def due_between(of: Age, on: date) -> tuple[date | None, date | None]:
    """The first and the last due day of an age; None: without a limit.

    >>> [str(day) for day in due_between(Age.DAYS_60, date(2026, 12, 1))]
    ['2026-10-02', '2026-10-31']
    """
    younger = next((each for each in reversed(_BY_DAYS) if each.least < of.least), None)
    older = next((each for each in _BY_DAYS if each.least > of.least), None)
    first = None if older is None else on - timedelta(older.least - 1)
    return first, None if younger is None else on - timedelta(of.least)


def ageing(sums: Iterable[tuple[Age, int, Money]]) -> list[AgeSum]:
    """Every age in order, from sums of some invoices in one currency."""
    counts: dict[Age, int] = defaultdict(int)
    amounts: dict[Age, list[Money]] = defaultdict(list)
    for of, count, money in sums:
        counts[of] += count
        amounts[of].append(money)
    return [AgeSum(of, counts[of], totals(amounts[of])) for of in Age]


def net(of: Iterable[AgeSum]) -> AgeSum:
    """All that is outstanding, less credit notes that are not used yet."""
    every = list(of)
    return AgeSum(Age.OPEN, sum(each.invoices for each in every), totals(money for each in every for money in each.amounts))


def overdue(of: Iterable[AgeSum]) -> AgeSum:
    """What is overdue, by any number of days."""
    late = [each for each in of if each.age.overdue]
    return AgeSum(Age.DAYS_30, sum(each.invoices for each in late), totals(money for each in late for money in each.amounts))
