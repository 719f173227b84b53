"""Calendar feeds of users: their secret links, and the dates of the accounts that a user may see."""

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
from musterroll.domain.values.money import amounts_text
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
_CHECKPOINT = "calendar"  # at: when computed; note: a hash of the result
_MOST = 5000  # entries of a feed


class FeedReader(NamedTuple):
    """A feed, the accounts (ids) its user is limited to (None: not limited), and whether a read was recorded lately."""

    feed_id: int
    within: tuple[int, ...] | None
    recorded: bool


def create_feed(session: Session, user_id: int, now: datetime) -> str:
    """A new secret for the link of a user's feed, shown only once; it replaces an older one."""
    revoke_feed(session, user_id, now)
    token = secrets.token_urlsafe(32)
    session.add(CalendarFeed(user_id=user_id, token_hash=token_hash(token), created_at=now))
    return token


def revoke_feed(session: Session, user_id: int, now: datetime) -> None:
    """Revoke the link of a user's feed, if there is one."""
    feed = feed_of(session, user_id)
    if feed is not None:
        feed.revoked_at = now


def feed_of(session: Session, user_id: int) -> CalendarFeed | None:
    """The feed of a user that is not revoked."""
    f = CalendarFeed
    return session.scalars(select(f).where(col(f.user_id) == user_id, col(f.revoked_at).is_(None)).order_by(col(f.id).desc())).first()


def feed_reader(session: Session, token: str, now: datetime) -> FeedReader:
    """The feed of this link. Raises NotFound for one that is unknown or revoked, or whose user is disabled."""
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


EndingRow = tuple[str, date, int | None, int | None, str, str, int, Decimal | None, str, str]


def compute_endings(session: Session, now: datetime) -> list[EndingRow] | None:
    """The dates on which something ends, for `store_endings`; None if they were computed within the hour. Only reads."""
    if now - from_ms(checkpoints.mark(session, _CHECKPOINT).at) < _COMPUTE_EVERY:
        return None
    today = now.astimezone(UTC).date()
    rows: list[EndingRow] = []
    for contract in endings.contracts(session, today):
        term = Span(contract.starts_on, contract.renewal.ends_on)
        for uid, how, on in contract_ends(contract.contract, term, contract.renewal):
            if on <= today + _CONTRACTS:
                worth = (*(contract.worth[0] if contract.worth else (None, "")), amounts_text(contract.worth[1:]))
                rows.append((uid, on, contract.contract.account, None, contract.contract.ref, how.value, 0, *worth))
    for place in endings.warranties(session, (today - _BACK, today + _WARRANTIES)):
        uid = f"warranty-{place.account_id or 0}-{place.site_id or 0}-{place.ends_on}"
        rows.append((uid, last_day(place.ends_on), place.account_id, place.site_id, "", EndKind.WARRANTY.value, place.units, None, "", ""))
    return rows


def store_endings(session: Session, rows: Sequence[EndingRow], now: datetime) -> None:
    """Store the computed dates, unless they are unchanged."""
    digest = sha256(repr(rows).encode()).hexdigest()
    if checkpoints.mark(session, _CHECKPOINT).note != digest:
        stored_calendar.replace(session, rows)
    checkpoints.put(session, _CHECKPOINT, 0, to_ms(now), digest)


def upcoming(session: Session, since: date, limit: int = _MOST) -> list[FeedEntry]:
    """What ends from a day on, as last computed and as far as the session may see."""
    return [feed_entry(day) for day in stored_calendar.end_dates(session, since, limit)]
