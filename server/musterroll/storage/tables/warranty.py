"""Warranty policies and coverage periods."""

from datetime import date
from typing import Any

from sqlmodel import Field

from musterroll.domain.warranty.periods import PeriodKind
from musterroll.storage.tables.columns import BIG, DOCUMENT, NEVER_REUSED, Audited, row_id, word


class WarrantyPolicy(Audited, table=True):
    """Start rules in order, each `{"start": ..., "shelf_days": n}`; products name the policy they are sold with."""

    __tablename__ = "warranty_policy"
    id: int | None = row_id()
    name: str = Field(unique=True, max_length=120)
    rules: list[dict[str, Any]] = Field(default_factory=list, sa_type=DOCUMENT)
    months: int | None = None  # a unit's own record takes precedence


class WarrantyPeriod(Audited, table=True):
    """One stretch of warranty, `[starts_on, ends_on)`, with the rule that began it. Voiding keeps the row."""

    __tablename__ = "warranty_period"
    __table_args__ = NEVER_REUSED
    id: int | None = row_id()
    unit_id: int = Field(foreign_key="unit.id", index=True, sa_type=BIG)
    kind: PeriodKind = word(PeriodKind)
    starts_on: date
    ends_on: date | None = None
    rule: str = Field(max_length=24)
    evidence: str = Field(max_length=300)
    voided_on: date | None = None
    void_reason: str = Field(default="", max_length=300)
