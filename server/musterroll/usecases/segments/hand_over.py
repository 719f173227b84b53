"""Handing over a segment: its members at that moment are recorded, and the schedule says later what became of them."""

from datetime import date, datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.notifications.events import EventKind
from musterroll.domain.segments.outcomes import HandOverWay
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.domain.values.money import amounts_of, totals
from musterroll.storage.accounts import hierarchy
from musterroll.storage.notifications import events as stored_events
from musterroll.storage.notifications.events import NewEvent
from musterroll.storage.segments import hand_overs as stored
from musterroll.storage.segments import members
from musterroll.storage.tables.segments import HandOver, SegmentMember
from musterroll.usecases.accounts import follow_ups
from musterroll.usecases.accounts.follow_ups import Assignment
from musterroll.usecases.segments.lists import SegmentView

MOST_ASSIGNED = 200  # accounts
_LONGEST = 500


class Receiver(NamedTuple):
    """Whom a segment goes to: the name of a user where it is assigned, else the name of a system or list."""

    way: HandOverWay
    name: str = ""
    due_on: date | None = None
    comment: str = ""


def hand_over(session: Session, segment: SegmentView, to: Receiver, actor: str, now: datetime) -> HandOver:
    """Record the accounts that are in a segment, as far as the session sees them.

    An export is downloaded from its record, a webhook is an event for the notification rules, and an assignment is a follow-up for each
    account. Raises Conflict without accounts, for too many to assign, and as `follow_ups.follow_up`.
    """
    name, comment = to.name.strip(), to.comment.strip()
    if "\0" in name + comment or len(comment) > _LONGEST or len(name) > 120:
        raise Conflict(f"a receiver has at most 120 characters, a comment at most {_LONGEST}", "long_text")
    accounts = members.all_of(session, segment.key)
    if not accounts:
        raise Conflict(f"segment {segment.name} has no accounts, or was not counted yet; there is nothing to hand over", "no_accounts")
    if to.way is HandOverWay.ASSIGN:
        _assign(session, accounts, to._replace(name=name, comment=comment), actor, now)
    row = HandOver(
        segment=segment.key,
        name=segment.name[:120],
        handed_at=to_ms(now),
        handed_by=actor[:120],
        way=to.way,
        receiver=name,
        comment=comment,
    )
    stored.add(session, row, accounts)
    if to.way is HandOverWay.WEBHOOK:
        _announce(session, segment, accounts, row.id or 0, now)
    return row


def known(session: Session, hand_over_id: int) -> HandOver:
    """Raises NotFound, also where the session sees none of its accounts."""
    row = stored.get(session, hand_over_id)
    if row is None:
        raise NotFound(f"there is no hand-over {hand_over_id}")
    return row


def _assign(session: Session, accounts: list[SegmentMember], to: Receiver, actor: str, now: datetime) -> None:
    if len(accounts) > MOST_ASSIGNED:
        raise Conflict(
            f"segment has {len(accounts):,} accounts; at most {MOST_ASSIGNED} can be assigned at once, so export it instead", "too_many"
        )
    refs = hierarchy.refs(session, [member.account_id for member in accounts])
    for member in accounts:
        comment = to.comment or member.why
        assignment = Assignment(to.name, to.due_on, comment[:_LONGEST])
        follow_ups.follow_up(session, refs[member.account_id], assignment, actor, now)


def _announce(session: Session, segment: SegmentView, accounts: list[SegmentMember], hand_over_id: int, now: datetime) -> None:
    worth = totals(money for member in accounts for money in amounts_of(member.worth))
    event = NewEvent(
        EventKind.SEGMENT_HANDED_OVER,
        to_ms(now),
        units=len(accounts),
        variant=segment.key[:32],
        worth=next(iter(worth), None),
        further=worth[1:],
        detail=f"{segment.name} (hand-over {hand_over_id})",
    )
    stored_events.record(session, [event])
