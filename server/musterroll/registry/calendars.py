"""A person's calendar of what ends: its secret address, and what stands in it for those whose accounts the person may see."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlmodel import Session, col, select

from musterroll.domain.calendars import ContractDay, Entry, WarrantyDay, entries
from musterroll.domain.credentials import token_hash
from musterroll.domain.errors import NotFound
from musterroll.storage import endings
from musterroll.storage.signal_tables import CalendarFeed
from musterroll.storage.tables import User

_CONTRACTS = timedelta(days=550)  # ahead
_WARRANTIES = timedelta(days=180)
_BACK = timedelta(days=31)


class Reader(NamedTuple):
    """Whose calendar it is, and the accounts (ids) it is limited to; None: not limited."""

    name: str
    within: tuple[int, ...] | None


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
        raise NotFound("there is no such calendar")
    feed, user = found
    if feed.read_at is None or now - feed.read_at > timedelta(hours=1):
        feed.read_at = now
    return Reader(user.name, None if user.within is None else tuple(user.within))


def upcoming(session: Session, now: datetime) -> list[Entry]:
    """What ends from a month ago on, as far as the session sees."""
    today = now.astimezone(UTC).date()
    contracts = [
        ContractDay(
            one.contract.id, one.contract.ref, one.account, one.starts_on, ends_on, one.renewal.renews, one.renewal.notice_by, one.worth
        )
        for one in endings.contracts(session, today)
        if (ends_on := one.renewal.ends_on) is not None and ends_on <= today + _CONTRACTS
    ]
    warranties = [
        WarrantyDay(f"{one.account_id or 0}-{one.site_id or 0}", _place(one.site, one.account), one.ends_on, one.units)
        for one in endings.warranties(session, (today - _BACK, today + _WARRANTIES))
    ]
    return entries(contracts, warranties)


def _place(site: str, account: str) -> str:
    return f"{site} ({account})" if site and account else site or account or "Units of no account"
