"""Tables of events, notification rules, the outbox, calendar feeds and weekly activity."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Index, SmallInteger, text
from sqlmodel import Field, SQLModel

from musterroll.domain.notifications.events import EventKind
from musterroll.domain.notifications.retry import MessageState
from musterroll.domain.notifications.schedule import Frequency
from musterroll.storage.tables.columns import BIG, DOCUMENT, NEVER_REUSED, PRICE, Audited, present, row_id, word


class EventRow(SQLModel, table=True):
    """An event at one site, recorded in the transaction that caused it.

    Row numbers do not follow the order of commits: whatever has no `taken_at` yet is still to be assigned to rules.
    """

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_untaken", "id", postgresql_where=text("taken_at IS NULL"), sqlite_where=text("taken_at IS NULL")),
        Index("ix_event_taken_at", "taken_at"),
    )
    id: int | None = row_id()
    kind: EventKind = word(EventKind)
    at: int = Field(sa_type=BIG)  # ms: when the registry detected it
    since: int | None = Field(default=None, sa_type=BIG)  # ms: since when it has been so
    account_id: int | None = Field(default=None, sa_type=BIG)
    site_id: int | None = Field(default=None, sa_type=BIG)
    units: int = 0  # or rows, or findings: what the kind counts
    serial: str = Field(default="", max_length=200)  # of one of them
    uid: str = Field(default="", max_length=64)
    variant: str = Field(default="", max_length=32)  # kind of finding, of document, of counter; whether a contract renews
    lead: int | None = None  # days before
    on: date | None = None  # the day it is about
    worth: Decimal | None = Field(default=None, sa_type=PRICE)  # a year
    currency: str = Field(default="", max_length=3)
    detail: str = Field(default="", max_length=300)
    further: str = Field(default="", max_length=300, sa_column_kwargs={"server_default": ""})  # of its worth, in other currencies
    key: str | None = Field(default=None, unique=True, max_length=120)  # if it could be detected twice
    taken_at: int | None = Field(default=None, sa_type=BIG)  # ms


class NotificationRule(Audited, table=True):
    """Who receives which events, through which channel and how often."""

    __tablename__ = "notification_rule"
    __table_args__ = NEVER_REUSED
    not_audited = frozenset({"secret", "told_until"})  # no secret, and not how far digests have been sent
    id: int | None = row_id()
    name: str = Field(max_length=120)
    way: str = Field(max_length=24)  # name of a channel
    address: str = Field(max_length=500)
    secret: str = Field(default="", max_length=120, sa_column_kwargs={"server_default": ""})  # signs webhooks
    kinds: list[str] = Field(default_factory=list, sa_type=DOCUMENT)
    finding_kinds: list[str] = Field(default_factory=list, sa_type=DOCUMENT)  # empty: any
    segments: list[str] = Field(default_factory=list, sa_type=DOCUMENT, sa_column_kwargs={"server_default": "[]"})  # keys; empty: any
    least_worth: Decimal | None = Field(default=None, sa_type=PRICE)  # of findings
    leads: list[int] = Field(default_factory=list, sa_type=DOCUMENT)  # days before an end
    account_id: int | None = Field(default=None, foreign_key="account.id", sa_type=BIG)  # this one and all below; none: everything
    pace: Frequency = word(Frequency)
    gather_minutes: int = 5
    hour: int = 7
    weekday: int = 0  # Monday
    zone: str = Field(default="UTC", max_length=60)
    quiet_from: int | None = None  # minutes of the day
    quiet_until: int | None = None
    told_until: int = Field(default=0, sa_type=BIG, sa_column_kwargs={"server_default": "0"})  # ms: the last digest was due then
    paused_at: datetime | None = None
    removed_at: datetime | None = None
    created_at: datetime
    created_by: str = Field(max_length=120)


class Notification(SQLModel, table=True):
    """One message in the outbox: written once with its key and text, sent until the receiver accepts it or it is given up."""

    __table_args__ = (
        Index("ix_notification_waiting", "next_at", postgresql_where=text("state = 'waiting'"), sqlite_where=text("state = 'waiting'")),
        Index("ix_notification_rule", "rule_id", "id"),
    )
    id: int | None = row_id()
    rule_id: int = Field(foreign_key="notification_rule.id", sa_type=BIG)
    address: str | None = Field(default=None, max_length=254)  # of the one it is to; none: that of its rule
    key: str = Field(unique=True, max_length=64)  # the ID that the receiver knows it by, the same at every attempt
    title: str = Field(max_length=300)
    body: str  # JSON: as composed
    signals: int = 0
    test: bool = False
    state: MessageState = word(MessageState, default=MessageState.WAITING)
    attempts: int = 0
    created_at: int = Field(sa_type=BIG)  # ms
    next_at: int = Field(sa_type=BIG)  # ms
    sent_at: int | None = Field(default=None, sa_type=BIG)
    error: str = Field(default="", max_length=300)


class RuleEvent(SQLModel, table=True):
    """An event assigned to a rule, pending or reported by one message, never by two."""

    __tablename__ = "rule_event"
    __table_args__ = (
        Index(
            "ix_rule_event_waiting",
            "rule_id",
            postgresql_where=text("notification_id IS NULL"),
            sqlite_where=text("notification_id IS NULL"),
        ),
        present("ix_rule_event_notification", "notification_id"),
    )
    rule_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    event_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    notification_id: int | None = Field(default=None, sa_type=BIG)


class CalendarFeed(SQLModel, table=True):
    """The secret link of a user's calendar feed; only its hash is stored."""

    __tablename__ = "calendar_feed"
    id: int | None = row_id()
    user_id: int = Field(foreign_key="user.id", index=True, sa_type=BIG)
    token_hash: str = Field(unique=True, max_length=64)
    created_at: datetime
    read_at: datetime | None = None
    revoked_at: datetime | None = None


class CalendarEntry(SQLModel, table=True):
    """A date of the calendar, computed every hour, so that feeds of large fleets are quick to read."""

    __tablename__ = "calendar_entry"
    __table_args__ = (Index("ix_calendar_entry_on", "on"),)
    uid: str = Field(primary_key=True, max_length=120)  # the same while it is about the same term or day
    on: date
    account_id: int | None = Field(default=None, index=True, sa_type=BIG)
    site_id: int | None = Field(default=None, sa_type=BIG)
    ref: str = Field(default="", max_length=80)  # of a contract; empty: it is about warranty
    how: str = Field(max_length=16)  # ends, renews, notice, warranty
    units: int = 0
    worth: Decimal | None = Field(default=None, sa_type=PRICE)
    currency: str = Field(default="", max_length=3)
    further: str = Field(default="", max_length=300, sa_column_kwargs={"server_default": ""})  # of its worth, in other currencies


class Activity(SQLModel, table=True):
    """The weekly growth of a lifetime counter of a unit, and its usual growth."""

    unit_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    name: str = Field(primary_key=True, max_length=80)  # operating (seconds), or a usage counter
    at: int = Field(sa_type=BIG)  # ms: when `value` was read
    value: float
    weeks: int = Field(default=0, sa_type=SmallInteger)  # that `usual` rests on
    usual: float = 0.0  # a week, smoothed
    latest: float = 0.0  # the last week
