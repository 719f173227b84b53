"""Verifying the audit log in steps: new entries as they come, the whole log once a day."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.notifications.events import EventKind
from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.storage.audit import verify as audit_chain
from musterroll.storage.audit.verify import ChainCheck
from musterroll.storage.notifications import events as stored_events
from musterroll.storage.notifications.events import NewEvent
from musterroll.storage.operations import checkpoints

_HERE = "audit_pass"  # position: the last good entry of the pass at hand; note: its hash
_WHOLE = "audit_whole"  # position: the last entry of the last whole pass, negative the first that is not good; at: when it began
_BEGUN = "audit_begun"  # at: when the pass at hand began
_ANEW = timedelta(days=1)


class Proof(NamedTuple):
    """What is proven: entries up to one are as they were written, in a pass begun at `since`; or the first entry that is not."""

    upto: int
    head: str
    since: datetime | None
    first_bad: int | None


class NextEntries(NamedTuple):
    """The next entries of the chain, verified."""

    after: int  # the entry the pass had come to
    last: int
    checked: ChainCheck | None  # None: a new pass begins


def prove(session: Session, now: datetime) -> bool:
    """Verify the next entries of the chain. Returns whether there were any."""
    entries = check_next(session, now)
    return entries is not None and keep(session, entries, now)


def check_next(session: Session, now: datetime) -> NextEntries | None:
    """Verify the next entries, to be kept by `keep` in another session: no writer waits. None: there is nothing to do."""
    here, begun = checkpoints.mark(session, _HERE), checkpoints.mark(session, _BEGUN)
    if not begun.at or now - from_ms(begun.at) >= _ANEW:
        return NextEntries(here.position, 0, None)
    if checkpoints.mark(session, _WHOLE).position < 0:
        return None
    checked, last = audit_chain.verify_next(session, here.position, here.note)
    return NextEntries(here.position, last, checked) if checked.entries or checked.first_bad is not None else None


def keep(session: Session, entries: NextEntries, now: datetime) -> bool:
    """Store how far the chain is verified, unless another process has gone on meanwhile. Returns whether it is stored."""
    here, begun, checked = checkpoints.mark(session, _HERE), checkpoints.mark(session, _BEGUN), entries.checked
    if here.position != entries.after:
        return False
    if checked is None:
        begin_anew(session, now)
    elif checked.first_bad is not None:
        checkpoints.put(session, _WHOLE, -checked.first_bad, begun.at)
        detail = f"entry {checked.first_bad} was altered, or entries before it are missing"
        stored_events.record(session, [NewEvent(EventKind.AUDIT_BROKEN, to_ms(now), f"audit:{checked.first_bad}", units=0, detail=detail)])
    else:
        checkpoints.put(session, _HERE, entries.last, to_ms(now), checked.head)
        checkpoints.put(session, _WHOLE, entries.last, begun.at)
    return True


def begin_anew(session: Session, now: datetime) -> None:
    """Verify the chain again from its first entry."""
    checkpoints.put(session, _HERE, 0, to_ms(now))
    checkpoints.put(session, _WHOLE, 0, 0)
    checkpoints.put(session, _BEGUN, 0, to_ms(now))


def proof(session: Session) -> Proof:
    here, whole, begun = (checkpoints.mark(session, name) for name in (_HERE, _WHOLE, _BEGUN))
    since = from_ms(begun.at) if begun.at else None
    return Proof(here.position, here.note, since, -whole.position if whole.position < 0 else None)
