"""What is used of the limits of contract lines in force."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.contracts.limits import Allowance, Limit, LimitKind, LimitUse, allowance, limit_words
from musterroll.domain.contracts.terms import line_in_force
from musterroll.domain.coverage.verdict import Cover
from musterroll.storage.contracts import limits as stored
from musterroll.storage.contracts.limits import DayUse


class LineLimitUse(NamedTuple):
    cover: Cover
    use: LimitUse

    @property
    def says(self) -> str:
        return limit_words(self.use, self.cover.line.ref)


def line_limits(session: Session, covers: Collection[Cover], on: date) -> list[LineLimitUse]:
    """The limits of those of these lines that are in force on a day, with what was used until then."""
    by_id = {cover.line.id: cover for cover in covers}
    allowed: list[tuple[Cover, Limit, Allowance]] = []
    for line_id, limit in stored.of_lines(session, by_id.keys()):
        term = line_in_force(by_id[line_id].line, by_id[line_id].contract, on)
        if term is not None:
            allowed.append((by_id[line_id], limit, allowance(limit, term, on)))
    if not allowed:
        return []
    since = min(part.span.starts_on for _, _, part in allowed)
    days = stored.used(session, {cover.line.id for cover, _, _ in allowed}, since, on)
    return [
        LineLimitUse(cover, LimitUse(limit, part, _used(limit, part, days.get(cover.line.id, ())), on)) for cover, limit, part in allowed
    ]


def _used(limit: Limit, part: Allowance, days: Collection[DayUse]) -> Decimal:
    inside = [day for day in days if day.on >= part.span.starts_on]
    return sum((Decimal(day.calls) if limit.kind is LimitKind.CALLS else day.hours for day in inside), Decimal(0))
