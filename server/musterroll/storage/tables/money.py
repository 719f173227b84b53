"""Exchange rates, and options of the registry that people choose."""

from datetime import date
from decimal import Decimal

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from musterroll.storage.tables.columns import NEVER_REUSED, RATE, Audited, row_id


class ExchangeRate(Audited, table=True):
    """On a day one `base` was `rate` of `currency`."""

    __tablename__ = "exchange_rate"
    __table_args__ = (UniqueConstraint("on", "base", "currency"), NEVER_REUSED)
    id: int | None = row_id()
    on: date
    base: str = Field(max_length=3)
    currency: str = Field(max_length=3)
    rate: Decimal = Field(sa_type=RATE)


class RegistryOption(Audited, table=True):
    """What a person chose for the whole registry, by name: `reporting_currency`."""

    __tablename__ = "registry_option"
    __table_args__ = NEVER_REUSED
    id: int | None = row_id()
    name: str = Field(unique=True, max_length=40)
    value: str = Field(default="", max_length=200)
