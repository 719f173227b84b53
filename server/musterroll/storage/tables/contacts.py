"""People at customers, reminders to them, and the keys of links that are sent to them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from musterroll.domain.contacts.campaigns import Program
from musterroll.domain.contacts.consent import Consent
from musterroll.domain.contacts.reminders import ReminderKind, ReminderState
from musterroll.storage.tables.columns import BIG, DOCUMENT, NEVER_REUSED, Audited, row_id, word


class Contact(Audited, table=True):
    """A person at a customer. `site_id`: their place of work; none: they are a contact of the whole account."""

    __table_args__ = NEVER_REUSED
    id: int | None = row_id()
    ref: str = Field(unique=True, max_length=80)  # the number that the customer's own systems know it by, else the e-mail address
    account_id: int | None = Field(default=None, foreign_key="account.id", index=True, sa_type=BIG)
    site_id: int | None = Field(default=None, foreign_key="site.id", index=True, sa_type=BIG)
    first_name: str = Field(default="", max_length=80)
    last_name: str = Field(default="", max_length=120)
    role: str = Field(default="", max_length=120)
    email: str = Field(default="", index=True, max_length=254)
    phone: str = Field(default="", max_length=60)
    language: str = Field(default="", max_length=8)
    consent: Consent = word(Consent, default=Consent.UNKNOWN)  # to e-mails
    consent_source: str = Field(default="", max_length=200)
    consent_on: date | None = None


class ReminderSetting(Audited, table=True):
    """When a kind of reminder is due, and whether it goes out by itself; without a row: as shipped."""

    __tablename__ = "reminder_setting"
    __table_args__ = NEVER_REUSED
    id: int | None = row_id()
    kind: ReminderKind = word(ReminderKind, unique=True)
    lead_days: int
    releases: bool = False


class ReminderTemplate(Audited, table=True):
    """The text of a reminder in one language, where it is not the shipped one."""

    __tablename__ = "reminder_template"
    __table_args__ = (UniqueConstraint("kind", "language"), NEVER_REUSED)
    id: int | None = row_id()
    kind: ReminderKind = word(ReminderKind)
    language: str = Field(max_length=8)
    subject: str = Field(max_length=200)
    body: str


class Reminder(SQLModel, table=True):
    """One reminder to one address: held until it is released. Its key is never used twice, so that nobody is reminded of a thing again."""

    __table_args__ = (
        Index("ix_reminder_waiting", "id", postgresql_where=text("state = 'waiting'"), sqlite_where=text("state = 'waiting'")),
        NEVER_REUSED,
    )
    id: int | None = row_id()
    key: str = Field(unique=True, max_length=400)
    kind: ReminderKind = word(ReminderKind)
    account_id: int = Field(index=True, sa_type=BIG)
    contact_id: int = Field(sa_type=BIG)
    email: str = Field(index=True, max_length=254)
    language: str = Field(max_length=8)
    on: date
    facts: Any = Field(default_factory=dict, sa_type=DOCUMENT)  # by placeholder
    state: ReminderState = word(ReminderState, default=ReminderState.WAITING)
    created_at: datetime
    decided_at: datetime | None = None
    decided_by: str = Field(default="", max_length=120)
    notification_id: int | None = Field(default=None, sa_type=BIG)


class LinkKey(SQLModel, table=True):
    """The key that signs the links of one purpose. A new one ends every link of the old one."""

    __tablename__ = "link_key"
    purpose: str = Field(primary_key=True, max_length=24)
    secret: str = Field(max_length=64)
    renewed_at: datetime


class CustomerLink(SQLModel, table=True):
    """A unit whose link for customers was ended by itself: links and labels carry the number of those that were."""

    __tablename__ = "customer_link"
    unit_id: int = Field(primary_key=True, foreign_key="unit.id", sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    ended: int


class CampaignExport(SQLModel, table=True):
    """One export of contacts for a program: how many, and how many were left out, by reason."""

    __tablename__ = "campaign_export"
    __table_args__ = NEVER_REUSED
    id: int | None = row_id()
    program: Program = word(Program)
    segment: str = Field(default="", max_length=80)
    whole: bool = False
    at: datetime
    by: str = Field(max_length=120)
    exported: int = 0
    left_out: Any = Field(default_factory=dict, sa_type=DOCUMENT)


class ExportedContact(SQLModel, table=True):
    """The last export of a contact for a program, and what it said: exported again once it says something else."""

    __tablename__ = "exported_contact"
    __table_args__ = (Index("ix_exported_contact_export", "export_id", "contact_id"),)
    program: Program = word(Program, primary_key=True)
    contact_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    export_id: int = Field(sa_type=BIG)
    digest: str = Field(max_length=32)
