"""Customers, where their units are, and what products there are."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from musterroll.domain.installed_base.licence_rules import LicenceRule
from musterroll.domain.liveness import ReportingClass
from musterroll.domain.units.kinds import UnitKind
from musterroll.storage.tables.columns import BIG, NEVER_REUSED, PRICE, Audited, present, row_id, word


class Account(Audited, table=True):
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
    currency: str = Field(default="", max_length=3, sa_column_kwargs={"server_default": ""})  # of what it pays, where records say
    merged_into_id: int | None = Field(default=None, foreign_key="account.id", sa_type=BIG)
    created_at: datetime


class Site(Audited, table=True):
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


class Product(Audited, table=True):
    __table_args__ = (UniqueConstraint("maker_key", "model_key"), NEVER_REUSED)
    id: int | None = row_id()
    maker: str = Field(max_length=200)
    model: str = Field(max_length=200)
    family: str = Field(max_length=200)
    maker_key: str = Field(max_length=200)
    model_key: str = Field(max_length=200)
    family_key: str = Field(max_length=200)
    reporting: ReportingClass = word(ReportingClass, default=ReportingClass.ALWAYS_ON)
    interval: int | None = None  # seconds between heartbeats its units are set to; none: as each device is configured
    policy_id: int | None = Field(default=None, foreign_key="warranty_policy.id", sa_type=BIG)
    list_price: Decimal | None = Field(default=None, sa_type=PRICE)  # of a year's cover of one unit
    currency: str = Field(default="", max_length=3)
    kind: UnitKind = word(UnitKind, default=UnitKind.DEVICE, sa_column_kwargs={"server_default": "device"})  # what its units are
    licence_rule: LicenceRule = word(LicenceRule, default=LicenceRule.UNIT, sa_column_kwargs={"server_default": "unit"})
    created_at: datetime
