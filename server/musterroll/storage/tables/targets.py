"""Targets of headline figures with their history, benchmarks of the industry, and review packs."""

from datetime import date
from decimal import Decimal

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from musterroll.domain.installed_base.targets import Measure, ScopeKind, TargetLevel, TargetPeriod
from musterroll.storage.tables.columns import BIG, NEVER_REUSED, PRICE, Audited, row_id, word


class Target(Audited, table=True):
    """A target from a period on, until a later row for the same; without a value, the target ends there.

    `account_id` says whose it is where it is for an account; a limited session sees no other.
    """

    __table_args__ = (UniqueConstraint("measure", "scope", "key", "period", "from_on"), NEVER_REUSED)
    not_audited = frozenset({"level"})  # what was reported last
    id: int | None = row_id()
    measure: Measure = word(Measure)
    scope: ScopeKind = word(ScopeKind)
    key: str = Field(default="", max_length=200)
    account_id: int | None = Field(default=None, foreign_key="account.id", index=True, sa_type=BIG)
    period: TargetPeriod = word(TargetPeriod)
    from_on: date  # the first day of a period
    value: Decimal | None = Field(default=None, sa_type=PRICE)
    tolerance: Decimal = Field(default=Decimal(0), sa_type=PRICE)
    set_at: int = Field(sa_type=BIG)  # ms
    set_by: str = Field(max_length=120)
    level: TargetLevel | None = word(TargetLevel, default=None)


class Benchmark(Audited, table=True):
    """A figure of an industry in a year, from a source."""

    __table_args__ = (UniqueConstraint("measure", "industry", "year", "source"), NEVER_REUSED)
    id: int | None = row_id()
    measure: Measure = word(Measure)
    industry: str = Field(default="", max_length=80)
    year: int
    value: Decimal = Field(sa_type=PRICE)
    source: str = Field(max_length=200)


PACK_FILES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # content types by column


class ReviewPack(SQLModel, table=True):
    """The figures of a month or quarter as they were when it was over, as PDF and XLSX."""

    __tablename__ = "review_pack"
    __table_args__ = (UniqueConstraint("period", "first_on"), NEVER_REUSED)
    id: int | None = row_id()
    period: TargetPeriod = word(TargetPeriod)
    first_on: date  # of the period
    as_of_on: date  # the last day of the period
    made_at: int = Field(sa_type=BIG)  # ms
    pdf: bytes = Field(sa_type=LargeBinary)
    xlsx: bytes = Field(sa_type=LargeBinary)
