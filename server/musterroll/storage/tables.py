"""Every table. Instants that are read often and written hot are integer milliseconds; the others are aware UTC datetimes."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, LargeBinary, SmallInteger, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from musterroll.domain.lifecycle import Lifecycle
from musterroll.domain.liveness import ReportingClass
from musterroll.storage.columns import BIG, DOCUMENT, KEY, NEVER_REUSED, OPTIONAL, PRICE, present, row_id, word


class Registry(SQLModel, table=True):
    """One row: the registry itself. `epoch` grows when its database was restored, `since`..`until` is proven hearing (ms)."""

    id: int = Field(default=1, primary_key=True)
    epoch: int = 1
    since: int = Field(default=0, sa_type=BIG)
    until: int = Field(default=0, sa_type=BIG)


class Pulse(SQLModel, table=True):
    """Progress of a process (`ingest:registry`, `schedule`, ...): when it last got something done (ms)."""

    name: str = Field(primary_key=True, max_length=80)
    at: int = Field(sa_type=BIG)
    detail: str = Field(default="", max_length=200)


class Revision(SQLModel, table=True):
    """A number that grows with every change to something others keep a copy of (`credentials`)."""

    name: str = Field(primary_key=True, max_length=40)
    number: int = Field(default=0, sa_type=BIG)


class Account(SQLModel, table=True):
    __table_args__ = (present("ix_account_merged_into_id", "merged_into_id"), NEVER_REUSED)
    id: int | None = row_id()
    ref: str = Field(unique=True, max_length=80)  # the number the customer's own systems know it by
    name: str = Field(max_length=200)
    parent_id: int | None = Field(default=None, foreign_key="account.id", index=True, sa_type=BIG)
    website: str = Field(default="", max_length=200)
    phone: str = Field(default="", max_length=60)
    postcode: str = Field(default="", max_length=20)
    country: str = Field(default="", max_length=60)
    segment: str = Field(default="", max_length=80)
    merged_into_id: int | None = Field(default=None, foreign_key="account.id", sa_type=BIG)
    created_at: datetime


class Site(SQLModel, table=True):
    __table_args__ = NEVER_REUSED
    id: int | None = row_id()
    ref: str = Field(unique=True, max_length=80)
    account_id: int | None = Field(default=None, foreign_key="account.id", index=True, sa_type=BIG)
    name: str = Field(max_length=200)
    postcode: str = Field(default="", max_length=20)
    country: str = Field(default="", max_length=60)
    zone: str = Field(default="UTC", max_length=60)  # IANA time zone: the calendar that warranty days are judged by
    latitude: float | None = None
    longitude: float | None = None
    created_at: datetime


class Product(SQLModel, table=True):
    __table_args__ = (UniqueConstraint("maker_key", "model_key"), NEVER_REUSED)
    id: int | None = row_id()
    maker: str = Field(max_length=200)
    model: str = Field(max_length=200)
    family: str = Field(max_length=200)
    maker_key: str = Field(max_length=200)
    model_key: str = Field(max_length=200)
    family_key: str = Field(max_length=200)
    reporting: ReportingClass = word(ReportingClass, default=ReportingClass.ALWAYS_ON)
    policy_id: int | None = Field(default=None, foreign_key="warranty_policy.id", sa_type=BIG)
    list_price: Decimal | None = Field(default=None, sa_type=PRICE)  # of a year's cover of one unit
    currency: str = Field(default="EUR", max_length=3)
    created_at: datetime


class Unit(SQLModel, table=True):
    """One serial number. Facts that change with every heartbeat live in `Voice`."""

    __table_args__ = (
        UniqueConstraint("maker_key", "family_key", "serial_key"),
        # Lists are in serial order, so each filter's index carries the serial.
        *(Index(f"ix_unit_{name}", name, "serial_key") for name in ("lifecycle", "product_id", "account_id", "site_id")),
        Index("ix_unit_count", "lifecycle", "id"),  # counting by lifecycle and liveness walks units and voices in one order
        *(present(f"ix_unit_{name}", name) for name in ("replaced_by_id", "merged_into_id")),
        NEVER_REUSED,
    )
    id: int | None = row_id()
    uid: str = Field(unique=True, max_length=64)  # in topics and addresses
    serial: str = Field(max_length=200)  # as written
    serial_key: str = Field(index=True, sa_type=KEY)
    twin_key: str = Field(index=True, sa_type=KEY)
    maker_key: str = Field(max_length=200)
    family_key: str = Field(max_length=200)
    product_id: int = Field(foreign_key="product.id", sa_type=BIG)
    account_id: int | None = Field(default=None, foreign_key="account.id", sa_type=BIG)
    site_id: int | None = Field(default=None, foreign_key="site.id", sa_type=BIG)
    lifecycle: Lifecycle = word(Lifecycle, default=Lifecycle.UNRECORDED)
    shipped_on: date | None = None
    installed_on: date | None = None
    registered_on: date | None = None
    warranty_months: int | None = None
    replaced_by_id: int | None = Field(default=None, foreign_key="unit.id", sa_type=BIG)
    merged_into_id: int | None = Field(default=None, foreign_key="unit.id", sa_type=BIG)
    firmware: str = Field(default="", max_length=256)
    agent: str = Field(default="", max_length=256)
    born_at: datetime | None = None  # the last birth, by the registry's clock
    card: dict[str, Any] | None = Field(default=None, sa_type=DOCUMENT)  # the unit's own warranty card: a claim
    evidence: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)
    created_at: datetime


class Voice(SQLModel, table=True):
    """The hot row of a unit: what its last heartbeat said. Narrow, integers only, no index on `heard_at` (HOT updates)."""

    __table_args__ = (
        Index("ix_voice_stale", "unit_id", postgresql_where=text("stale_since IS NOT NULL"), sqlite_where=text("stale_since IS NOT NULL")),
        {"postgresql_with": {"fillfactor": "70"}},
    )
    unit_id: int = Field(primary_key=True, foreign_key="unit.id", sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    heard_at: int | None = Field(default=None, sa_type=BIG)  # ms, the registry's clock at receipt
    first_heard_at: int | None = Field(default=None, sa_type=BIG)
    epoch: int = Field(default=0, sa_type=BIG)
    beat: int = Field(default=-1, sa_type=BIG)  # -1: none of this epoch yet
    birth_epoch: int = Field(default=-1, sa_type=BIG)  # of the newest birth; older than `epoch`: a birth is missing
    birth_seq: int = Field(default=0, sa_type=BIG)
    interval: int = 60  # seconds, as the last birth said
    late_after: int = 66  # seconds
    stale_after: int = 186
    death_at: int | None = Field(default=None, sa_type=BIG)
    stale_since: int | None = Field(default=None, sa_type=BIG)
    held_at: int | None = Field(default=None, sa_type=BIG)
    clock_offset: int | None = Field(default=None, sa_type=BIG)  # seconds the unit's clock is ahead of ours
    uptime: int | None = Field(default=None, sa_type=BIG)
    operating: int | None = Field(default=None, sa_type=BIG)  # lifetime operating seconds
    cpu: int | None = Field(default=None, sa_type=SmallInteger)
    memory: int | None = Field(default=None, sa_type=SmallInteger)
    disk: int | None = Field(default=None, sa_type=SmallInteger)
    temperature: int | None = Field(default=None, sa_type=SmallInteger)


class Usage(SQLModel, table=True):
    """Lifetime usage counters by name, newest value."""

    unit_id: int = Field(primary_key=True, foreign_key="unit.id", sa_type=BIG)
    name: str = Field(primary_key=True, max_length=80)
    value: float
    at: int = Field(sa_type=BIG)


class Transition(SQLModel, table=True):
    """One change on one axis of one unit, with its cause and who made it. Only ever added to; what is undone is withdrawn, not deleted.

    No foreign keys: what was once known of a unit whose document was undone stays known, and the checks are paid per row.
    """

    __table_args__ = (
        Index("ix_transition_unit", "unit_id", "axis", "id"),
        present("ix_transition_change", "change_id"),
    )
    id: int | None = row_id()
    unit_id: int = Field(sa_type=BIG)
    at: int = Field(sa_type=BIG)  # ms: when it became so
    recorded_at: int = Field(sa_type=BIG)  # ms: when the registry got to know it
    axis: str = Field(max_length=16)  # lifecycle, liveness, identity
    old: str | None = Field(default=None, max_length=200)
    new: str = Field(max_length=200)
    cause: str = Field(max_length=500)
    actor: str = Field(max_length=120)
    change_id: int | None = Field(default=None, sa_type=BIG)  # the change that made it, where one did
    withdrawn_at: int | None = Field(default=None, sa_type=BIG)  # ms: when that change was undone


class DurableMessage(SQLModel, table=True):
    """A birth or record as it came. The key absorbs replays. No foreign key: a unit is never deleted, and the check is paid per row."""

    __tablename__ = "message"
    unit_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    epoch: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    seq: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    about: str = Field(max_length=256)  # birth, hour, change, event, warranty, ...
    at: int = Field(sa_type=BIG)  # seconds, the unit's clock
    received_at: int = Field(sa_type=BIG)  # ms, the registry's clock
    body: str  # the payload, as it came


class Delivery(SQLModel, table=True):
    """How far each epoch of a unit is committed without a gap: what its next receipt will say."""

    __table_args__ = {"postgresql_with": {"fillfactor": "70"}}
    unit_id: int = Field(primary_key=True, foreign_key="unit.id", sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    epoch: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    upto: int = Field(sa_type=BIG)
    highest: int = Field(sa_type=BIG)  # the highest seq kept; above `upto` there is a gap between


class Quarantined(SQLModel, table=True):
    """A message that could not be accepted, with the reason. Never retried."""

    __tablename__ = "quarantine"
    id: int | None = row_id()
    at: int = Field(sa_type=BIG)  # ms
    unit: str = Field(default="", max_length=64)  # as the topic named it
    topic: str = Field(max_length=300)
    code: str = Field(max_length=40, index=True)
    detail: str = Field(max_length=500)
    size: int
    payload: bytes = Field(sa_type=LargeBinary)  # the first 4 KiB


class CredentialStatus(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    REFUSED = "refused"
    REVOKED = "revoked"


class Credential(SQLModel, table=True):
    """What a device proves itself with. A unit has at most one active credential; a second enrolment waits for a person."""

    __table_args__ = (
        Index(
            "ux_credential_active",
            "unit_id",
            unique=True,
            postgresql_where=text("status = 'active'"),
            sqlite_where=text("status = 'active'"),
        ),
    )
    id: int | None = row_id()
    unit_id: int = Field(foreign_key="unit.id", index=True, sa_type=BIG)
    secret_hash: str = Field(max_length=200)  # as Mosquitto's password file writes it
    status: CredentialStatus = word(CredentialStatus)
    claim_token_id: int | None = Field(default=None, foreign_key="claim_token.id", sa_type=BIG)
    evidence: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)
    created_at: datetime
    decided_at: datetime | None = None
    decided_by: str = Field(default="", max_length=120)


class ClaimToken(SQLModel, table=True):
    """Lets so many units enrol for so long; may name their serials, and the account and site they are deployed to."""

    __tablename__ = "claim_token"
    id: int | None = row_id()
    label: str = Field(max_length=120)
    token_hash: str = Field(unique=True, max_length=64)
    expires_at: datetime
    max_uses: int
    uses: int = 0
    serials: list[str] = Field(default_factory=list, sa_type=DOCUMENT)  # serial keys; empty = any
    account_id: int | None = Field(default=None, foreign_key="account.id", sa_type=BIG)
    site_id: int | None = Field(default=None, foreign_key="site.id", sa_type=BIG)
    created_at: datetime
    created_by: str = Field(max_length=120)
    revoked_at: datetime | None = None


class User(SQLModel, table=True):
    __table_args__ = (Index("ux_user_subject", "subject", unique=True),)
    id: int | None = row_id()
    name: str = Field(unique=True, max_length=120)
    password_hash: str = Field(max_length=200)  # empty: signs in elsewhere only
    role: str = Field(default="admin", max_length=24)
    failures: int = 0  # sign-ins refused in a row
    locked_until: datetime | None = None
    created_at: datetime
    within: list[int] | None = Field(default=None, sa_type=OPTIONAL)  # accounts seen, with all below them; none: everything
    must_change: bool = Field(default=False, sa_column_kwargs={"server_default": text("FALSE")})  # the password, as somebody else knows it
    disabled_at: datetime | None = None
    subject: str | None = Field(default=None, max_length=300)  # who it is at the OIDC issuer


class WebSession(SQLModel, table=True):
    __tablename__ = "web_session"
    id: int | None = row_id()
    user_id: int = Field(foreign_key="user.id", index=True, sa_type=BIG)
    token_hash: str = Field(unique=True, max_length=64)
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    seen_at: datetime | None = None  # to within a few minutes
    address: str = Field(default="", max_length=60, sa_column_kwargs={"server_default": ""})  # as it signed in
    browser: str = Field(default="", max_length=200, sa_column_kwargs={"server_default": ""})


class ApiToken(SQLModel, table=True):
    __tablename__ = "api_token"
    id: int | None = row_id()
    label: str = Field(max_length=120)
    token_hash: str = Field(unique=True, max_length=64)
    scopes: list[str] = Field(default_factory=list, sa_type=DOCUMENT)  # read, write, admin
    created_at: datetime
    created_by: str = Field(max_length=120)
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    within: list[int] | None = Field(default=None, sa_type=OPTIONAL)
    used_at: datetime | None = None  # to within a few minutes
