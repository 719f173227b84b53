"""Hand-overs of segments, and what became of the accounts."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from datetime import UTC, date
from typing import Any, NamedTuple

from sqlalchemy import Row, func, select, update
from sqlmodel import Session, col

from musterroll.domain.segments.outcomes import AccountState, HandOverOutcome, outcome
from musterroll.domain.values.instants import from_ms
from musterroll.storage.engine import bulk
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.segments import HandOver, HandOverAccount, SegmentMember

_H, _A = HandOver, HandOverAccount
_COPIED = ("account_id", "units", "priced", "worth", "why", "deployed", "covered", "term_began")


class HandOverSize(NamedTuple):
    """A hand-over with its accounts by outcome, as far as the session sees them."""

    hand_over: HandOver
    outcomes: dict[HandOverOutcome, int]

    @property
    def accounts(self) -> int:
        return sum(self.outcomes.values())


def add(session: Session, new: HandOver, members: Collection[SegmentMember]) -> HandOver:
    """Record the members of a segment as handed over."""
    session.add(new)
    session.flush()
    rows = [tuple(getattr(member, name) for name in _COPIED) for member in members]
    bulk.insert(session, _A, _COPIED, rows, hand_over_id=new.id, outcome=HandOverOutcome.STILL_IN)
    return new


def of_segment(session: Session, segment: str, limit: int, before: int | None = None) -> list[HandOverSize]:
    """The newest hand-overs of a segment that have an account the session sees, newest first."""
    counts = select(col(_A.hand_over_id), col(_A.outcome), func.count()).join_from(_A, _H, col(_H.id) == col(_A.hand_over_id))
    by_id: dict[int, Counter[HandOverOutcome]] = defaultdict(Counter)
    rows = counts.where(col(_H.segment) == segment).group_by(col(_A.hand_over_id), col(_A.outcome))
    for hand_over_id, how, accounts in session.execute(rows):
        by_id[hand_over_id][how] = accounts
    shown = sorted((key for key in by_id if before is None or key < before), reverse=True)[:limit]
    known = {row.id: row for row in session.scalars(select(_H).where(bulk.among(session, col(_H.id), shown)))} if shown else {}
    return [HandOverSize(known[key], {how: by_id[key][how] for how in HandOverOutcome}) for key in shown]


def get(session: Session, hand_over_id: int) -> HandOver | None:
    return session.get(_H, hand_over_id)


def accounts(session: Session, hand_over_id: int, after: str | None, limit: int) -> list[Row[Any]]:
    """The accounts handed over by number, after `after`, as they were then, with their outcome."""
    about = (col(Account.ref), col(Account.name), col(Account.website), col(Account.phone), col(Account.country))
    columns = (col(_A.units), col(_A.priced), col(_A.worth), col(_A.why), col(_A.deployed), col(_A.covered), col(_A.outcome))
    query = select(*about, *columns).join_from(_A, Account, col(Account.id) == col(_A.account_id))
    query = query.where(col(_A.hand_over_id) == hand_over_id)
    if after is not None:
        query = query.where(col(Account.ref) > after)
    return list(session.execute(query.order_by(col(Account.ref)).limit(limit)))


def judge(session: Session, states: Mapping[int, AccountState], since: date) -> None:
    """Work out the outcome of every account that was handed over from a day on; a merged account is judged by the one it is now."""
    rows = select(col(Account.id), col(Account.merged_into_id)).where(col(Account.merged_into_id).is_not(None))
    merged = {row[0]: row[1] for row in session.execute(rows)}
    for hand_over in session.scalars(select(_H)):
        handed_on = from_ms(hand_over.handed_at).astimezone(UTC).date()
        if handed_on >= since:
            members = set(session.scalars(select(col(SegmentMember.account_id)).where(col(SegmentMember.segment) == hand_over.segment)))
            _judge(session, hand_over.id or 0, handed_on, states, members, merged)


def _judge(
    session: Session,
    hand_over_id: int,
    handed_on: date,
    states: Mapping[int, AccountState],
    members: Collection[int],
    merged: Mapping[int, int],
) -> None:
    changed: dict[HandOverOutcome, list[int]] = defaultdict(list)
    for row in session.scalars(select(_A).where(col(_A.hand_over_id) == hand_over_id)):
        account = merged.get(row.account_id, row.account_id)
        then = AccountState(row.deployed, row.covered, row.term_began)
        became = outcome(then, states.get(account, AccountState()), handed_on=handed_on, member=account in members)
        if became != row.outcome:
            changed[became].append(row.account_id)
    for how, ids in changed.items():
        of = (col(_A.hand_over_id) == hand_over_id, bulk.among(session, col(_A.account_id), ids))
        session.execute(update(_A).where(*of).values(outcome=how).execution_options(synchronize_session=False))
