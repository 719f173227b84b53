"""Use per day of lifetime counters. Days are days since 1970, UTC."""

from sqlalchemy import Index, LargeBinary
from sqlmodel import Field, SQLModel

from musterroll.storage.tables.columns import BIG, row_id


class UsageCounter(SQLModel, table=True):
    """A lifetime counter that units or lists report: `operating` (seconds), or one by its name."""

    __tablename__ = "usage_counter"
    id: int | None = row_id()
    name: str = Field(unique=True, max_length=80)


class UnitUse(SQLModel, table=True):
    """One counter of one unit: its last reading, and its use on each of the last days (`domain.usage.days`), eight bytes a day.

    No foreign key, as in `DurableMessage`. Narrow facts come first: adoption is counted without the days.
    """

    __tablename__ = "unit_use"
    __table_args__ = {"postgresql_with": {"fillfactor": "70"}}
    unit_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    counter_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    at: int = Field(sa_type=BIG)  # ms: of the last reading
    first_day: int | None = None
    last_day: int | None = None
    day: int = 0
    value: float
    days: bytes = Field(default=b"", sa_type=LargeBinary)


class UsageSum(SQLModel, table=True):
    """Use on a day by account (0: none) and product, kept as readings come in; of older days one row for a month, on its first day."""

    __tablename__ = "usage_sum"
    __table_args__ = (Index("ix_usage_sum_day", "day"),)
    account_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    product_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    counter_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    day: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    use: float = 0
    units: int = 0  # that were used on the day; of a month the sum of its days


class LineUse(SQLModel, table=True):
    """Use on a day by units on a contract line that has a limit of it, of days that are no longer kept for each unit."""

    __tablename__ = "line_use"
    line_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    counter_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    day: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    contract_id: int = Field(sa_type=BIG)
    use: float = 0
    units: int = 0  # that were used on the day
