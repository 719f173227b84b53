"""What is used of the limits of contract lines in force."""

from collections.abc import Callable, Collection
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.contracts.limits import OPERATING, Allowance, Limit, LimitKind, LimitUse, allowance, limit_words
from musterroll.domain.contracts.terms import line_in_force
from musterroll.domain.coverage.verdict import Cover
from musterroll.domain.usage.periods import DayUse as CounterDay
from musterroll.domain.usage.periods import day_of
from musterroll.storage.contracts import limits as stored
from musterroll.storage.contracts.limits import DayUse
from musterroll.storage.usage import of_lines as line_usage

_PLACES = Decimal("0.0001")
_OF_INCIDENTS = (LimitKind.CALLS, LimitKind.HOURS, LimitKind.VISITS, LimitKind.CREDITS)


class LineLimitUse(NamedTuple):
    cover: Cover
    use: LimitUse

    @property
    def says(self) -> str:
        return limit_words(self.use, self.cover.line.ref)


class _Allowed(NamedTuple):
    cover: Cover
    limit: Limit
    allowance: Allowance

    @property
    def line(self) -> int:
        return self.cover.line.id


def line_limits(session: Session, covers: Collection[Cover], on: date) -> list[LineLimitUse]:
    """The limits of those of these lines that are in force on a day, with what was used until then."""
    by_id = {cover.line.id: cover for cover in covers}
    allowed: list[_Allowed] = []
    for line_id, limit in stored.of_lines(session, by_id.keys()):
        term = line_in_force(by_id[line_id].line, by_id[line_id].contract, on)
        if term is not None:
            allowed.append(_Allowed(by_id[line_id], limit, allowance(limit, term, on)))
    used = _Use(session, allowed, on)
    return [LineLimitUse(of.cover, LimitUse(of.limit, of.allowance, used(of), on)) for of in allowed]


class _Use:
    """What is used of each of these limits; what many lines share is asked for together."""

    def __init__(self, session: Session, allowed: Collection[_Allowed], on: date) -> None:
        self._session, self._on = session, on
        own = [of for of in allowed if not (of.limit.pooled and of.cover.contract.account)]
        incidents = [of for of in own if of.limit.kind in _OF_INCIDENTS]
        since = min((of.allowance.span.starts_on for of in incidents), default=on)
        self._incidents = stored.used(session, {of.line for of in incidents}, since, on) if incidents else {}
        self._named = stored.named_seats(session, {of.line for of in own if of.limit.kind is LimitKind.NAMED})
        counters = {of.limit.counter for of in own if of.limit.counter}
        lines = {counter: {of.line for of in own if of.limit.counter == counter} for counter in counters}
        self._counters = {counter: line_usage.of_lines(session, lines[counter], counter) for counter in sorted(counters)}
        self._own = {id(of) for of in own}

    def __call__(self, of: _Allowed) -> Decimal:
        measure = _MEASURES[of.limit.kind]
        return measure(self, of)

    def calls(self, of: _Allowed) -> Decimal:
        return Decimal(sum(day.calls for day in self._days(of)))

    def hours(self, of: _Allowed) -> Decimal:
        return sum((day.hours for day in self._days(of)), Decimal(0))

    def visits(self, of: _Allowed) -> Decimal:
        return Decimal(sum(day.visits for day in self._days(of)))

    def credits(self, of: _Allowed) -> Decimal:
        return self.usage(of) if of.limit.counter else sum((day.credits for day in self._days(of)), Decimal(0))

    def named(self, of: _Allowed) -> Decimal:
        if self._pool(of):
            return Decimal(stored.pooled_seats(self._session, self._pool(of), of.cover.line.product))
        return Decimal(self._named.get(of.line, 0))

    def floating(self, of: _Allowed) -> Decimal:
        return Decimal(max((day.units for day in self._counted(of)), default=0))

    def usage(self, of: _Allowed) -> Decimal:
        use = sum(day.use for day in self._counted(of))
        return Decimal(use / 3600 if of.limit.counter == OPERATING else use).quantize(_PLACES)

    def _pool(self, of: _Allowed) -> int:
        """The account that a limit is pooled over; 0: none."""
        return 0 if id(of) in self._own else of.cover.contract.account or 0

    def _days(self, of: _Allowed) -> Collection[DayUse]:
        since = of.allowance.span.starts_on
        if self._pool(of):
            return stored.pooled(self._session, self._pool(of), of.cover.line.product, since, self._on)
        return [day for day in self._incidents.get(of.line, ()) if day.on >= since]

    def _counted(self, of: _Allowed) -> Collection[CounterDay]:
        since, until = day_of(of.allowance.span.starts_on), day_of(self._on)
        if self._pool(of):
            product, counter = of.cover.line.product, of.limit.counter
            return line_usage.of_pool(self._session, self._pool(of), product, counter, since, until)
        days = self._counters[of.limit.counter].get(of.line, {})
        return [day for on, day in days.items() if since <= on <= until]


_MEASURES: dict[LimitKind, Callable[[_Use, _Allowed], Decimal]] = {
    LimitKind.CALLS: _Use.calls,
    LimitKind.HOURS: _Use.hours,
    LimitKind.VISITS: _Use.visits,
    LimitKind.USAGE: _Use.usage,
    LimitKind.CREDITS: _Use.credits,
    LimitKind.NAMED: _Use.named,
    LimitKind.FLOATING: _Use.floating,
}
