"""Tables of the paper: what customers' documents say of accounts' contracts, warranty, billing and incidents."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from musterroll.domain.contract import Payment, Scope, State
from musterroll.domain.warranty import PeriodKind
from musterroll.storage.columns import BIG, DOCUMENT, KEY, NEVER_REUSED, PRICE, row_id, word


class WarrantyPolicy(SQLModel, table=True):
    """Start rules in order, each `{"start": ..., "shelf_days": n}`; products name the policy they are sold with."""

    __tablename__ = "warranty_policy"
    id: int | None = row_id()
    name: str = Field(unique=True, max_length=120)
    rules: list[dict[str, Any]] = Field(default_factory=list, sa_type=DOCUMENT)
    months: int | None = None  # a unit's own paper goes before


class WarrantyPeriod(SQLModel, table=True):
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


class Contract(SQLModel, table=True):
    __table_args__ = NEVER_REUSED
    id: int | None = row_id()
    ref: str = Field(unique=True, max_length=80)
    account_id: int | None = Field(default=None, foreign_key="account.id", index=True, sa_type=BIG)
    state: State = word(State)
    starts_on: date
    ends_on: date | None = None  # the first day without cover
    auto_renew: bool = False
    renewal_months: int = 12
    notice_days: int = 0
    notice_on: date | None = None
    ended_on: date | None = None  # first day without cover after a cancellation, where the paper says
    currency: str = Field(default="EUR", max_length=3)
    created_at: datetime


class ContractLine(SQLModel, table=True):
    """Covers one serial, or a quantity of a product at a place (a site, an account, an account's subtree)."""

    __tablename__ = "contract_line"
    __table_args__ = (
        UniqueConstraint("contract_id", "number"),
        Index("ix_contract_line_pool", "scope", "place_id", "product_id"),
        NEVER_REUSED,
    )
    id: int | None = row_id()
    contract_id: int = Field(foreign_key="contract.id", sa_type=BIG)
    number: str = Field(max_length=40)
    scope: Scope = word(Scope)
    place_id: int | None = Field(default=None, sa_type=BIG)  # site or account, by scope
    serial: str = Field(default="", max_length=200)  # as written
    serial_key: str = Field(default="", index=True, sa_type=KEY)
    product_id: int | None = Field(default=None, foreign_key="product.id", sa_type=BIG)
    quantity: int = 1
    starts_on: date | None = None
    ends_on: date | None = None
    price: Decimal | None = Field(default=None, sa_type=PRICE)  # of one unit, a year, in the contract's currency
    service: str = Field(default="", max_length=120)


class Invoice(SQLModel, table=True):
    """What billing says of a contract now. Shown beside the cover, never ends it."""

    contract_id: int = Field(primary_key=True, foreign_key="contract.id", sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    payment: Payment = word(Payment)
    invoiced_on: date | None = None
    subscription: str = Field(default="", max_length=80)


class Incident(SQLModel, table=True):
    """One support ticket."""

    __table_args__ = NEVER_REUSED
    id: int | None = row_id()
    ref: str = Field(unique=True, max_length=80)
    unit_id: int | None = Field(default=None, foreign_key="unit.id", index=True, sa_type=BIG)
    serial: str = Field(max_length=200)  # as the ticket writes it
    opened_on: date
    closed_on: date | None = None
    category: str = Field(default="", max_length=120)
    hours: Decimal | None = Field(default=None, sa_type=PRICE)
    parts: int | None = None


class Finding(SQLModel, table=True):
    """One disagreement as the last run saw it; its words and evidence are worked out when it is opened."""

    __table_args__ = (UniqueConstraint("subject_id", "subject", "kind"),)
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


class FindingDecision(SQLModel, table=True):
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


class Proposal(SQLModel, table=True):
    """A match or merge that waits for a person, with the evidence and weight of each field."""

    __table_args__ = (UniqueConstraint("kind", "left_id", "right_id"), Index("ix_proposal_state", "state", "kind", "id"))
    id: int | None = row_id()
    kind: str = Field(max_length=24)  # unit_twin, account_twin, line_serial
    left_id: int = Field(sa_type=BIG)
    right_id: int = Field(sa_type=BIG)
    weight: float  # 0 to 1
    evidence: list[dict[str, Any]] = Field(default_factory=list, sa_type=DOCUMENT)
    state: str = Field(default="open", max_length=16)  # open, accepted, rejected, gone
    change_id: int | None = Field(default=None, foreign_key="change.id", sa_type=BIG)
    created_at: int = Field(sa_type=BIG)
    decided_at: int | None = Field(default=None, sa_type=BIG)
    decided_by: str = Field(default="", max_length=120)


class Snapshot(SQLModel, table=True):
    """The counts of one day, by account and product, as they were known when the day ended."""

    on: date = Field(primary_key=True)
    account_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})  # 0: none
    product_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    cell: str = Field(primary_key=True, max_length=3)
    units: int
