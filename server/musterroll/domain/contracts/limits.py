"""Limits of a contract line: calls, hours, credits, use or seats per period, what of them is used, and when they are used up at this pace.

An incident is a call, its hours are hours and its credits are credits; it is a visit where a part was used. Use is the growth of a lifetime
counter in the period, as are credits with a counter.
Named seats are units that are deployed, floating seats are the most units that used a counter on one day of the period. All are of the
units on the line; of a pooled limit they are of the units of the account that holds the contract, with its subsidiaries, and of the product
of the line, if it has one.
"""

from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from math import ceil
from typing import NamedTuple

from musterroll.domain.values.dates import Span, end_after, in_words, last_day

NEAR = Decimal("0.8")  # of the allowance
MOST = Decimal(10) ** 9  # that can be allowed
OPERATING = "operating"  # the counter of operating seconds


class LimitKind(StrEnum):
    CALLS = "calls"
    HOURS = "hours"
    VISITS = "visits"
    CREDITS = "credits"  # of incidents, or of a counter
    USAGE = "usage"  # of a counter
    NAMED = "named_seats"
    FLOATING = "floating_seats"

    @property
    def seats(self) -> bool:
        """A level, not a sum: nothing is left over, and it has no pace."""
        return self in (LimitKind.NAMED, LimitKind.FLOATING)


class LimitPeriod(StrEnum):
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    TERM = "term"  # of the contract


class LimitLevel(StrEnum):
    WITHIN = "within"
    NEAR = "near"  # 80 % or more
    REACHED = "reached"


class Limit(NamedTuple):
    """So much per period (None: unlimited); periods begin with the term. `carried`: what is left is added to the next period of the term.

    `counter` is for use and floating seats, and may be given for credits; operating time is limited
    in hours. `pooled`: over the account and its subsidiaries.
    """

    kind: LimitKind
    amount: Decimal | None
    period: LimitPeriod
    carried: bool = False
    counter: str = ""
    pooled: bool = False

    @property
    def noun(self) -> str:
        """What it counts."""
        if self.kind is not LimitKind.USAGE:
            return self.kind.value.replace("_", " ")
        return "operating hours" if self.counter == OPERATING else self.counter

    @property
    def problem(self) -> str | None:
        """Why it cannot be set, as a sentence."""
        counts = self.kind in (LimitKind.USAGE, LimitKind.FLOATING)
        if counts and not self.counter:
            return f"a limit of {self.noun or self.kind} needs the name of a counter, such as pages or operating"
        if self.counter and not counts and self.kind is not LimitKind.CREDITS:
            return f"a limit of {self.noun} has no counter; leave it out"
        if self.carried and self.kind.seats:
            return f"{self.noun} are not carried over; leave that out"
        if ";" in self.counter:
            return "the name of a counter with a limit has no semicolon"
        if self.kind is LimitKind.FLOATING and self.pooled and self.longer:
            return "single days of an account are known for 15 weeks: choose month or quarter, or do not pool it"
        return None

    @property
    def longer(self) -> bool:
        """Whether its days can be more than those known of each unit."""
        return self.carried or self.period not in (LimitPeriod.MONTH, LimitPeriod.QUARTER)


class Allowance(NamedTuple):
    """What may be used within these days."""

    span: Span
    amount: Decimal | None  # None: unlimited


class LimitUse(NamedTuple):
    """What was used of an allowance by a day."""

    limit: Limit
    allowance: Allowance
    used: Decimal
    on: date

    @property
    def left(self) -> Decimal | None:
        return None if self.allowance.amount is None else max(self.allowance.amount - self.used, Decimal(0))

    @property
    def level(self) -> LimitLevel:
        if self.allowance.amount is None:
            return LimitLevel.WITHIN
        if self.used >= self.allowance.amount:
            return LimitLevel.REACHED
        return LimitLevel.NEAR if self.used >= NEAR * self.allowance.amount else LimitLevel.WITHIN

    @property
    def used_up_on(self) -> date | None:
        """The day on which it is used up at this pace; None where that is not within its days, or it is used up."""
        since, until = self.allowance.span
        if not self.used or self.allowance.amount is None or self.level is LimitLevel.REACHED or self.limit.kind.seats:
            return None
        days = (self.on - since).days + 1
        day = since + timedelta(min(ceil(days * self.allowance.amount / self.used), 40_000) - 1)
        return day if until is None or day < until else None


_MONTHS = {LimitPeriod.MONTH: 1, LimitPeriod.QUARTER: 3, LimitPeriod.YEAR: 12}


def allowance(limit: Limit, term: Span, on: date) -> Allowance:
    """The allowance that counts on a day within the days of a line.

    >>> limit = Limit(LimitKind.CALLS, Decimal(4), LimitPeriod.QUARTER)
    >>> allowance(limit, Span(date(2026, 1, 31), date(2027, 1, 31)), date(2026, 5, 1)).span
    Span(starts_on=datetime.date(2026, 5, 1), ends_on=datetime.date(2026, 7, 31))
    """
    if limit.period is LimitPeriod.TERM:
        return Allowance(term, limit.amount)
    months, periods = _MONTHS[limit.period], 1
    while end_after(term.starts_on, months * periods) <= on:
        periods += 1
    begins, ends = (end_after(term.starts_on, months * number) for number in (periods - 1, periods))
    until = ends if term.ends_on is None else min(ends, term.ends_on)
    if limit.carried:
        return Allowance(Span(term.starts_on, until), None if limit.amount is None else limit.amount * periods)
    return Allowance(Span(begins, until), limit.amount)


def limit_words(use: LimitUse, line: str) -> str:
    """
    >>> limit, term = Limit(LimitKind.CALLS, Decimal(4), LimitPeriod.TERM), Span(date(2026, 1, 1), date(2027, 1, 1))
    >>> limit_words(LimitUse(limit, allowance(limit, term, date(2026, 7, 1)), Decimal(2), date(2026, 7, 1)), "C1/1")
    '2 of 4 calls left on contract line C1/1 until 31 December 2026; at this pace used up on 30 December 2026.'
    """
    until, allowed, kind = use.allowance.span.ends_on, plain(use.allowance.amount), use.limit.noun
    days = f" until {in_words(last_day(until))}" if until else ""
    if use.allowance.amount is None:
        return f"{kind.capitalize()} unlimited on contract line {line}{days}: {plain(use.used)} used."
    if use.level is LimitLevel.REACHED:
        return f"No {kind} left on contract line {line}{days}: {plain(use.used)} of {allowed} used."
    pace = f"; at this pace used up on {in_words(use.used_up_on)}" if use.used_up_on else ""
    return f"{plain(use.left)} of {allowed} {kind} left on contract line {line}{days}{pace}."


def plain(amount: Decimal | None) -> str:
    """
    >>> plain(Decimal("4.0000")), plain(Decimal("3.5")), plain(Decimal(1200)), plain(None)
    ('4', '3.5', '1,200', 'unlimited')
    """
    return "unlimited" if amount is None else f"{amount:,.4f}".rstrip("0").rstrip(".")
