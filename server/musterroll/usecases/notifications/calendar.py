"""A person's calendar of what ends: its secret address, and what stands in it for those whose accounts the person may see."""

import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import NamedTuple

from sqlmodel import Session, col, select

from musterroll.domain.enrolment.secrets import token_hash
from musterroll.domain.notifications.calendar import EndKind, FeedEntry, contract_ends, feed_entry
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
_COMPUTE_EVERY = timedelta(hours=1)
_RECORD_READ_EVERY = timedelta(minutes=10)
_CHECKPOINT = "calendar"  # at: when; note: a hash of what came of it
_MOST = 5000  # entries of a feed


class FeedReader(NamedTuple):
    """Which feed is read, the accounts (ids) its person is limited to (None: not limited), and whether reading was noted lately."""

    feed_id: int
    within: tuple[int, ...] | None
    noted: bool


def create_feed(session: Session, user_id: int, now: datetime) -> str:
    """A new secret for the address of a person's calendar, told this once; an older one opens nothing more."""
    revoke_feed(session, user_id, now)
    token = secrets.token_urlsafe(32)
    session.add(CalendarFeed(user_id=user_id, token_hash=token_hash(token), created_at=now))
    return token


def revoke_feed(session: Session, user_id: int, now: datetime) -> None:
    """No address opens the person's calendar any more; doing it twice changes nothing."""
    feed = feed_of(session, user_id)
    if feed is not None:
        feed.revoked_at = now


def feed_of(session: Session, user_id: int) -> CalendarFeed | None:
    """The feed of a person that is not revoked."""
    f = CalendarFeed
    return session.scalars(select(f).where(col(f.user_id) == user_id, col(f.revoked_at).is_(None)).order_by(col(f.id).desc())).first()


def feed_reader(session: Session, token: str, now: datetime) -> FeedReader:
    """Who reads at this address. Raises NotFound for one that is unknown or revoked, or whose person may no longer sign in."""
    f = CalendarFeed
    row = session.execute(
        select(f, User)
        .join(User, col(User.id) == col(f.user_id))
        .where(col(f.token_hash) == token_hash(token), col(f.revoked_at).is_(None))
    ).one_or_none()
    if row is None or row[1].disabled_at is not None:
        raise NotFound("this calendar feed does not exist")
    feed, user = row
    fresh = feed.read_at is not None and now - feed.read_at < _RECORD_READ_EVERY
    return FeedReader(feed.id or 0, None if user.within is None else tuple(user.within), fresh)


def record_read(session: Session, feed_id: int, now: datetime) -> None:
    session.get_one(CalendarFeed, feed_id).read_at = now


EndingRow = tuple[str, date, int | None, int | None, str, str, int, Decimal | None, str]


def compute_endings(session: Session, now: datetime) -> list[EndingRow] | None:
    """The days on which something ends, for `keep`; None where they were worked out within the hour. Only reads."""
    if now - from_ms(checkpoints.mark(session, _CHECKPOINT).at) < _COMPUTE_EVERY:
        return None
    today = now.astimezone(UTC).date()
    rows: list[EndingRow] = []
    for contract in endings.contracts(session, today):
        term = Span(contract.starts_on, contract.renewal.ends_on)
        for uid, how, on in contract_ends(contract.contract, term, contract.renewal):
            if on <= today + _CONTRACTS:
                worth = (contract.worth.amount, contract.worth.currency) if contract.worth else (None, "")
                rows.append((uid, on, contract.contract.account, None, contract.contract.ref, how.value, 0, *worth))
    for place in endings.warranties(session, (today - _BACK, today + _WARRANTIES)):
        uid = f"warranty-{place.account_id or 0}-{place.site_id or 0}-{place.ends_on}"
        rows.append((uid, last_day(place.ends_on), place.account_id, place.site_id, "", EndKind.WARRANTY.value, place.units, None, ""))
    return rows


def store_endings(session: Session, rows: Sequence[EndingRow], now: datetime) -> None:
    """Keep what was worked out, where it is not what is kept."""
    digest = sha256(repr(rows).encode()).hexdigest()
    if checkpoints.mark(session, _CHECKPOINT).note != digest:
        stored_calendar.replace(session, rows)
    checkpoints.put(session, _CHECKPOINT, 0, to_ms(now), digest)


def upcoming(session: Session, since: date, limit: int = _MOST) -> list[FeedEntry]:
    """What ends from a day on, as it was last worked out and as far as the session sees."""
    return [feed_entry(day) for day in stored_calendar.days(session, since, limit)]
