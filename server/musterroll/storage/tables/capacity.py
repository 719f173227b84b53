"""Tables of capacity: measured exposure by month, the facts a plan starts from, planned deliveries, and the scenarios people keep."""

from datetime import date
from typing import Any

from sqlalchemy import SmallInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from musterroll.storage.tables.columns import BIG, DOCUMENT, NEVER_REUSED, Audited, row_id


class Exposure(SQLModel, table=True):
    """How long units operated in one month, by product, age and cover: grown day by day, equal to a recount."""

    month: date = Field(primary_key=True)  # its first day
    product_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    age: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})  # completed months
    cover: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})  # 1 warranty + 2 contract
    seconds: int = Field(sa_type=BIG)


class PlanFactsRow(SQLModel, table=True):
    """What is known of the fleet for planning, gathered at one time. One row."""

    __tablename__ = "plan_facts"
    id: int = Field(default=1, primary_key=True)
    at: int = Field(sa_type=BIG)  # ms
    facts: dict[str, Any] = Field(sa_type=DOCUMENT)


class Delivery(Audited, table=True):
    """Units of a product planned to be deployed on a day, by order; `least` to `most` is the 80 % range of their number."""

    __tablename__ = "planned_delivery"
    __table_args__ = (UniqueConstraint("product_id", "on", "ref"), NEVER_REUSED)
    id: int | None = row_id()
    on: date
    product_id: int = Field(foreign_key="product.id", sa_type=BIG)
    ref: str = Field(default="", max_length=80)
    quantity: int
    least: int | None = None
    most: int | None = None


class Scenario(Audited, table=True):
    """Saved assumptions of a plan, under a name."""

    __table_args__ = NEVER_REUSED
    id: int | None = row_id()
    name: str = Field(unique=True, max_length=80)
    assumptions: dict[str, Any] = Field(sa_type=DOCUMENT)  # only those that are not the defaults
    note: str = Field(default="", max_length=500)
