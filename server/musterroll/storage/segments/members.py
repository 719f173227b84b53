"""Members of segments as worked out last, and the sizes of segments by day."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Row, delete, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from musterroll.domain.values.money import Money, amounts_of, amounts_text, totals
from musterroll.storage.engine import bulk
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.segments import SegmentMember, SegmentSize

_M, _S = SegmentMember, SegmentSize
_COLUMNS = ("account_id", "units", "priced", "worth", "why", "entered_on", "deployed", "covered", "term_began")
_LONGEST = 400  # characters of a reason


class Member(NamedTuple):
    """An account in a segment. `worth` is the annual value of the `priced` of its units; `deployed` and on are about the whole account."""

    account_id: int
    units: int
    priced: int
    worth: tuple[Money, ...]
    why: str = ""
    deployed: int = 0
    covered: int = 0
    term_began: date | None = None


class Size(NamedTuple):
    """A segment on a day, as counted at an instant (ms)."""

    on: date
    at: int
    accounts: int
    units: int
    priced: int
    worth: tuple[Money, ...]


class Entered(NamedTuple):
    """Accounts that have entered a segment with a count."""

    account_ids: list[int]
    first: bool  # the first count of the segment: nobody has entered, all were there


def store(session: Session, segment: str, members: Collection[Member], on: date) -> Entered:
    """Replace the members of a segment; only what differs is written. An account that stays keeps the day it entered."""
    known = {row[0]: tuple(row) for row in session.execute(select(*(col(getattr(_M, name)) for name in _COLUMNS)).where(_of(segment)))}
    first = not known and _none(session, segment)
    rows = {member.account_id: _row(member, known[member.account_id][5] if member.account_id in known else on) for member in members}
    changed = {key: row for key, row in rows.items() if known.get(key) != row}
    old = [key for key in known if key in changed or key not in rows]
    if old:
        session.execute(delete(_M).where(_of(segment), bulk.among(session, col(_M.account_id), old)))
    bulk.insert(session, _M, _COLUMNS, list(changed.values()), segment=segment)
    return Entered([] if first else sorted(key for key in rows if key and key not in known), first)


def store_size(session: Session, segment: str, members: Iterable[Member], on: date, at: int) -> None:
    rows = list(members)
    worth = totals(money for row in rows for money in row.worth)
    counts = {"units": sum(row.units for row in rows), "priced": sum(row.priced for row in rows)}
    accounts = sum(row.account_id > 0 for row in rows)
    session.merge(_S(segment=segment, on=on, at=at, accounts=accounts, **counts, worth=_text(worth)))


def forget(session: Session, segments: Collection[str], before: date) -> None:
    """Forget all of segments other than these, and sizes of earlier days."""
    session.execute(delete(_M).where(col(_M.segment).not_in(segments)))
    session.execute(delete(_S).where(col(_S.segment).not_in(segments) | (col(_S.on) < before)))


def sizes(session: Session) -> dict[str, Size]:
    """The last size of every segment."""
    newest = select(col(_S.segment), func.max(col(_S.on)).label("on")).group_by(col(_S.segment)).subquery()
    rows = select(_S).join(newest, (newest.c.segment == col(_S.segment)) & (newest.c.on == col(_S.on)))
    return {row.segment: _size(row) for row in session.scalars(rows)}


def history(session: Session, segment: str, since: date) -> list[Size]:
    """By day, oldest first."""
    return [_size(row) for row in session.scalars(select(_S).where(col(_S.segment) == segment, col(_S.on) >= since).order_by(col(_S.on)))]


def seen_sizes(session: Session, counted_at: int, on: date) -> dict[str, Size]:
    """The sizes of all segments as far as a limited session sees their members."""
    by_segment: dict[str, list[Member]] = {}
    columns = (col(_M.segment), col(_M.account_id), col(_M.units), col(_M.priced), col(_M.worth))
    for segment, account, units, priced, worth in session.execute(select(*columns)):
        by_segment.setdefault(segment, []).append(Member(account, units, priced, amounts_of(worth)))
    return {
        segment: Size(
            on,
            counted_at,
            sum(row.account_id > 0 for row in rows),
            sum(row.units for row in rows),
            sum(row.priced for row in rows),
            totals(money for row in rows for money in row.worth),
        )
        for segment, rows in by_segment.items()
    }


def page(session: Session, segment: str, after: str | None, limit: int) -> list[Row[Any]]:
    """Members by account number, after `after`, with the columns of their accounts and of the parent; units of no account are left out."""
    query = _members(segment).order_by(col(Account.ref)).limit(limit)
    return list(session.execute(query if after is None else query.where(col(Account.ref) > after)))


def largest(session: Session, segment: str, limit: int) -> list[Row[Any]]:
    """The members with the most units."""
    return list(session.execute(_members(segment).order_by(col(_M.units).desc(), col(Account.ref)).limit(limit)))


def all_of(session: Session, segment: str) -> list[SegmentMember]:
    """All members that are accounts."""
    return list(session.scalars(select(_M).where(_of(segment), col(_M.account_id) > 0).order_by(col(_M.account_id))))


def _members(segment: str) -> Any:
    parent: Any = aliased(Account)
    a = Account
    about = (a.ref, a.name, a.website, a.phone, a.postcode, a.country, a.segment)
    query = select(*map(col, about), func.coalesce(parent.ref, "").label("parent_ref"))
    query = query.add_columns(*(col(getattr(_M, name)) for name in ("account_id", "units", "priced", "worth", "why", "entered_on")))
    return query.join_from(_M, a, col(a.id) == col(_M.account_id)).outerjoin(parent, parent.id == col(a.parent_id)).where(_of(segment))


def _of(segment: str) -> Any:
    return col(_M.segment) == segment


def _none(session: Session, segment: str) -> bool:
    return session.execute(select(col(_S.on)).where(col(_S.segment) == segment).limit(1)).first() is None


def _row(member: Member, entered_on: date) -> tuple[Any, ...]:
    counts = (member.account_id, member.units, member.priced, _text(member.worth), member.why[:_LONGEST], entered_on)
    return (*counts, member.deployed, member.covered, member.term_began)


def _text(amounts: Sequence[Money]) -> str:
    return amounts_text(amounts)[:300]


def _size(row: SegmentSize) -> Size:
    return Size(row.on, row.at, row.accounts, row.units, row.priced, amounts_of(row.worth))
