"""A person's calendar of what ends: its secret address, and what stands in it for those whose accounts the person may see."""

import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import NamedTuple

from sqlmodel import Session, col, select

from musterroll.domain.enrolment.secrets import token_hash
from musterroll.domain.notifications.calendar import Entry, How, days_of, entry
from musterroll.domain.values.dates import Span, last_day
from musterroll.domain.values.errors import NotFound
from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.storage.notifications import calendar as stored_calendar
from musterroll.storage.notifications import endings
from musterroll.storage.operations import checkpoints
from musterroll.storage.tables.access import User
from musterroll.storage.tables.notifications import CalendarFeed

_CONTRACTS = timedelta(days=550)  # ahead
_WARRANTIES = timedelta(days=180)
_BACK = timedelta(days=31)
_EVERY = timedelta(hours=1)
_NOTED_EVERY = timedelta(minutes=10)
_WORKED_OUT = "calendar"  # at: when; note: a hash of what came of it
_MOST = 5000  # entries of a feed


class Reader(NamedTuple):
    """Which feed is read, the accounts (ids) its person is limited to (None: not limited), and whether reading was noted lately."""

    feed_id: int
    within: tuple[int, ...] | None
    noted: bool


def make(session: Session, user_id: int, now: datetime) -> str:
    """A new secret for the address of a person's calendar, told this once; an older one opens nothing more."""
    revoke(session, user_id, now)
    token = secrets.token_urlsafe(32)
    session.add(CalendarFeed(user_id=user_id, token_hash=token_hash(token), created_at=now))
    return token


def revoke(session: Session, user_id: int, now: datetime) -> None:
    """No address opens the person's calendar any more; doing it twice changes nothing."""
    feed = own(session, user_id)
    if feed is not None:
        feed.revoked_at = now


def own(session: Session, user_id: int) -> CalendarFeed | None:
    """The feed of a person that is not revoked."""
    f = CalendarFeed
    return session.scalars(select(f).where(col(f.user_id) == user_id, col(f.revoked_at).is_(None)).order_by(col(f.id).desc())).first()


def reader(session: Session, token: str, now: datetime) -> Reader:
    """Who reads at this address. Raises NotFound for one that is unknown or revoked, or whose person may no longer sign in."""
    f = CalendarFeed
    found = session.execute(
        select(f, User)
        .join(User, col(User.id) == col(f.user_id))
        .where(col(f.token_hash) == token_hash(token), col(f.revoked_at).is_(None))
    ).one_or_none()
    if found is None or found[1].disabled_at is not None:
        raise NotFound("this calendar feed does not exist")
    feed, user = found
    fresh = feed.read_at is not None and now - feed.read_at < _NOTED_EVERY
    return Reader(feed.id or 0, None if user.within is None else tuple(user.within), fresh)


def note_read(session: Session, feed_id: int, now: datetime) -> None:
    session.get_one(CalendarFeed, feed_id).read_at = now


Row = tuple[str, date, int | None, int | None, str, str, int, Decimal | None, str]


def work_out(session: Session, now: datetime) -> list[Row] | None:
    """The days on which something ends, for `keep`; None where they were worked out within the hour. Only reads."""
    if now - from_ms(checkpoints.mark(session, _WORKED_OUT).at) < _EVERY:
        return None
    today = now.astimezone(UTC).date()
    found: list[Row] = []
    for one in endings.contracts(session, today):
        term = Span(one.starts_on, one.renewal.ends_on)
        for uid, how, on in days_of(one.contract, term, one.renewal):
            if on <= today + _CONTRACTS:
                worth = (one.worth.amount, one.worth.currency) if one.worth else (None, "")
                found.append((uid, on, one.contract.account, None, one.contract.ref, how.value, 0, *worth))
    for place in endings.warranties(session, (today - _BACK, today + _WARRANTIES)):
        uid = f"warranty-{place.account_id or 0}-{place.site_id or 0}-{place.ends_on}"
        found.append((uid, last_day(place.ends_on), place.account_id, place.site_id, "", How.WARRANTY.value, place.units, None, ""))
    return found


def keep(session: Session, found: Sequence[Row], now: datetime) -> None:
    """Keep what was worked out, where it is not what is kept."""
    digest = sha256(repr(found).encode()).hexdigest()
    if checkpoints.mark(session, _WORKED_OUT).note != digest:
        stored_calendar.replace(session, found)
    checkpoints.put(session, _WORKED_OUT, 0, to_ms(now), digest)


def upcoming(session: Session, since: date, limit: int = _MOST) -> list[Entry]:
    """What ends from a day on, as it was last worked out and as far as the session sees."""
    return [entry(day) for day in stored_calendar.days(session, since, limit)]
