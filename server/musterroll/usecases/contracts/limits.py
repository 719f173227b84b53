"""Limits of contract lines: set by people, listed with what is used of them."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.contracts.limits import MOST, Limit, LimitLevel
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.storage.contracts import limits as stored
from musterroll.storage.contracts import lines as contract_lines
from musterroll.storage.contracts import lists as contract_lists
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.limits import LineLimit
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.coverage.limits import LineLimitUse, line_limits

_LONGEST = 80
_BLOCK = 2_000  # limits looked at together


class LimitsPage(NamedTuple):
    """Limits of lines in force; `next`: the row after which the next page starts."""

    uses: list[LineLimitUse]
    next: int | None


def limits(session: Session, now: datetime, contract: str | None, level: LimitLevel | None, after: int, limit: int) -> LimitsPage:
    """The limits of one contract or of all, at a level or at any. Raises NotFound."""
    row = contract_lists.by_ref(session, contract) if contract is not None and "\0" not in contract else None
    if contract is not None and row is None:
        raise NotFound(f"there is no contract {contract[:80]!r}")
    rows = stored.page(session, row.id if row else None, after, limit + 1)
    shown = {(entry.line_id, entry.kind, entry.counter) for entry in rows[:limit]}
    covers = contract_lines.by_ids(session, {line_id for line_id, _, _ in shown})
    uses = [
        of
        for of in line_limits(session, covers.values(), now.date())
        if (of.cover.line.id, of.use.limit.kind, of.use.limit.counter) in shown
    ]
    return LimitsPage([of for of in uses if level in (None, of.use.level)], rows[limit - 1].id if len(rows) > limit else None)


def beyond_within(session: Session, now: datetime) -> Iterator[LineLimitUse]:
    """All limits of which 80 % or more is used, for jobs."""
    after: int | None = 0
    while after is not None:
        page = limits(session, now, None, None, after, _BLOCK)
        yield from (of for of in page.uses if of.use.level is not LimitLevel.WITHIN)
        after = page.next


def set_limit(session: Session, contract: str, line: str, limit: Limit, actor: str, now: datetime) -> AuditChange | None:
    """Set a limit of a contract line; an amount of 0 removes it, None is unlimited. Returns the change, or None if nothing changes.

    Raises NotFound, and Conflict for an amount below 0 or too large.
    """
    place = None if "\0" in contract + line else stored.line_of(session, contract, line)
    if place is None:
        raise NotFound(f"there is no contract line {contract[:80]}/{line[:40]}")
    if limit.amount is not None and (not limit.amount.is_finite() or not 0 <= limit.amount <= MOST):
        raise Conflict(f"a limit is a number from 0 to {MOST:,.0f}; 0 removes it", "bad_limit")
    limit = limit._replace(counter=limit.counter.strip())
    if "\0" in limit.counter or len(limit.counter) > _LONGEST:
        raise Conflict(f"the name of a counter has at most {_LONGEST} characters", "bad_limit")
    if limit.amount != 0 and (why := limit.problem):
        raise Conflict(why, "bad_limit")
    row = stored.row(session, place.id, limit.kind, limit.counter)
    known = Limit(row.kind, row.amount, row.period, row.carried, row.counter, row.pooled) if row else None
    if known == limit if known else limit.amount == 0:
        return None
    subject = f"limit of {limit.noun or limit.kind} on contract line {contract}/{line}"
    change = audit_record.begin(session, actor=actor, kind="limit", subject=subject, now=now)
    _store(session, change, row, LineLimit(contract_id=place.contract_id, line_id=place.id, **limit._asdict()))
    return change


def _store(session: Session, change: AuditChange, row: LineLimit | None, to: LineLimit) -> None:
    if row is None:
        session.add(to)
        session.flush()
        audit_record.added(session, change, "line_limit", [to.id or 0])
        return
    with audit_record.watching(session, change, "line_limit", [row.id or 0]):
        if to.amount != 0:
            row.amount, row.period, row.carried, row.pooled = to.amount, to.period, to.carried, to.pooled
        else:
            session.delete(row)
