"""Units, their state changes, notes and incidents."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.storage.tables.columns import BIG, DOCUMENT, KEY, NEVER_REUSED, PRICE, REF, Audited, present, row_id, word

# What records say of a unit: a merge carries it over, undoing the record of a unit that has reported since clears it.
RECORDED = (
    *("account_id", "site_id", "shipped_on", "installed_on", "registered_on", "purchased_on", "left_on"),
    *("warranty_months", "warranty_starts_on", "warranty_ends_on", "asset_tag", "hostname", "details", "replaced_by_id"),
    *("host", "cores"),
)


class Unit(Audited, table=True):
    """One serial number. Facts that change with every heartbeat live in `UnitStatus`."""

    __table_args__ = (
        UniqueConstraint("serial_key", "maker_key", "family_key"),  # its index also finds units by serial
        # Lists are in serial order, so each filter's index carries the serial.
        *(Index(f"ix_unit_{name}", name, "serial_key") for name in ("lifecycle", "product_id", "account_id", "site_id")),
        Index("ix_unit_count", "lifecycle", "id"),  # counting by lifecycle and liveness reads units and their status in one order
        *(present(f"ix_unit_{name}", name) for name in ("replaced_by_id", "merged_into_id", "asset_tag", "hostname", "mac")),
        NEVER_REUSED,
    )
    not_audited = frozenset({"firmware", "agent", "born_at", "card", "evidence", "mac"})  # devices report these
    id: int | None = row_id()
    uid: str = Field(unique=True, max_length=64)  # in topics and addresses
    serial: str = Field(max_length=200)  # as written
    serial_key: str = Field(sa_type=KEY)
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
    purchased_on: date | None = None
    left_on: date | None = None  # returned or retired, where records say when
    warranty_months: int | None = None
    warranty_starts_on: date | None = None  # of the warranty itself, where records say
    warranty_ends_on: date | None = None  # first day without it, where records say: then nothing is computed
    asset_tag: str | None = Field(default=None, max_length=120)  # the customer's own label
    hostname: str | None = Field(default=None, max_length=120)  # in lower case
    host: str | None = Field(default=None, max_length=120)  # what a node or container runs on, as records or its agent say
    cores: int | None = None  # processor cores of the host
    details: str | None = Field(default=None, sa_type=Text)  # what else records say (`domain.units.details`)
    replaced_by_id: int | None = Field(default=None, foreign_key="unit.id", sa_type=BIG)
    merged_into_id: int | None = Field(default=None, foreign_key="unit.id", sa_type=BIG)
    interval: int | None = None  # seconds between heartbeats it is set to; none: as its product
    firmware: str = Field(default="", max_length=256)
    agent: str = Field(default="", max_length=256)
    born_at: datetime | None = None  # the last birth, by the registry's clock
    card: dict[str, Any] | None = Field(default=None, sa_type=DOCUMENT)  # the unit's own warranty card: a claim
    evidence: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)
    mac: str | None = Field(default=None, sa_type=KEY)  # of the evidence, as compared
    created_at: datetime


class UnitStateChange(SQLModel, table=True):
    """One change on one axis of one unit, with its cause and who made it. Only ever added to; what is undone is withdrawn, not deleted.

    No foreign keys: what was once known of a unit whose document was undone stays known, and the checks are paid per row.
    """

    __tablename__ = "unit_state_change"
    __table_args__ = (
        Index("ix_unit_state_change_unit", "unit_id", "axis", "id"),
        present("ix_unit_state_change_change", "change_id"),
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


class Incident(Audited, table=True):
    """One support ticket."""

    __table_args__ = NEVER_REUSED
    id: int | None = row_id()
    ref: str = Field(unique=True, sa_type=REF)
    unit_id: int | None = Field(default=None, foreign_key="unit.id", index=True, sa_type=BIG)
    account_id: int | None = Field(default=None, foreign_key="account.id", index=True, sa_type=BIG)  # as the ticket names it
    serial: str = Field(default="", max_length=200)  # as the ticket writes it
    opened_on: date
    closed_on: date | None = None
    category: str = Field(default="", max_length=120)
    hours: Decimal | None = Field(default=None, sa_type=PRICE)
    parts: int | None = None
    credits: Decimal | None = Field(default=None, sa_type=PRICE)  # that it took of those bought in advance
    reported_by: str = Field(default="", max_length=24, sa_column_kwargs={"server_default": ""})  # visitor: by the page behind a QR code


class UnitNote(Audited, table=True):
    """What a person wrote down about one unit. A note is taken back by undoing the change that made it."""

    __tablename__ = "unit_note"
    __table_args__ = NEVER_REUSED
    id: int | None = row_id()
    unit_id: int = Field(foreign_key="unit.id", index=True, sa_type=BIG)
    at: int = Field(sa_type=BIG)  # ms
    author: str = Field(max_length=120)
    text: str = Field(sa_type=Text)
