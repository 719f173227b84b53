"""Findings and what people decided on them."""

from datetime import date
from decimal import Decimal

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from musterroll.storage.tables.columns import BIG, PRICE, Audited, row_id


class FindingRow(SQLModel, table=True):
    """A finding as the last run saw it; its wording and evidence are worked out when it is opened."""

    __tablename__ = "finding"
    __table_args__ = (
        UniqueConstraint("subject_id", "subject", "kind"),
        Index(
            "ix_finding_value",
            text("coalesce(value, -1) DESC"),
            "id",
            "kind",
            postgresql_where=text("present"),
            sqlite_where=text("present"),
        ),
        Index("ix_finding_account_id", "account_id"),
    )
    id: int | None = row_id()
    kind: str = Field(max_length=32)
    subject: str = Field(max_length=8)  # unit, line
    subject_id: int = Field(sa_type=BIG)
    facts: str = Field(sa_type=Text)  # what it rests on, the same text while nothing changes
    variant: str = Field(default="", max_length=24)
    account_id: int | None = Field(default=None, sa_type=BIG)
    value: Decimal | None = Field(default=None, sa_type=PRICE)  # a year
    currency: str = Field(default="", max_length=3)
    counted: bool = True  # not where another finding counts the same money
    present: bool = True
    first_seen_at: int = Field(sa_type=BIG)  # ms
    changed_at: int = Field(sa_type=BIG)


class FindingSum(SQLModel, table=True):
    """The present findings of an account by kind and currency, as the last run left them, whatever was decided of them."""

    __tablename__ = "finding_sum"
    account_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})  # 0: none
    kind: str = Field(primary_key=True, max_length=32)
    currency: str = Field(primary_key=True, max_length=3)
    findings: int
    priced: int
    worth: int = Field(sa_type=BIG)  # in ten-thousandths, without what other findings count


class FindingAmount(SQLModel, table=True):
    """What a finding is worth in further currencies; what it is worth in the first one is in its own row."""

    __tablename__ = "finding_amount"
    finding_id: int = Field(primary_key=True, foreign_key="finding.id", sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    currency: str = Field(primary_key=True, max_length=3)
    value: Decimal = Field(sa_type=PRICE)  # a year


class FindingDecision(Audited, table=True):
    """What a person decided of a finding, on which facts. Only added to; the newest that is not undone counts."""

    __tablename__ = "finding_decision"
    id: int | None = row_id()
    finding_id: int = Field(foreign_key="finding.id", index=True, sa_type=BIG)
    state: str = Field(max_length=16)
    reason: str = Field(max_length=500)
    facts: str = Field(sa_type=Text)
    until: date | None = None
    at: int = Field(sa_type=BIG)
    by: str = Field(max_length=120)
