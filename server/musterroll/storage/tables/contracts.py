"""Contracts, contract lines and invoices."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from musterroll.domain.contracts.terms import ContractState, LineScope, Payment
from musterroll.storage.tables.columns import BIG, KEY, NEVER_REUSED, PRICE, Audited, row_id, word


class Contract(Audited, table=True):
    __table_args__ = NEVER_REUSED
    id: int | None = row_id()
    ref: str = Field(unique=True, max_length=80)
    account_id: int | None = Field(default=None, foreign_key="account.id", index=True, sa_type=BIG)
    state: ContractState = word(ContractState)
    starts_on: date
    ends_on: date | None = None  # the first day without cover
    auto_renew: bool = False
    renewal_months: int = 12
    notice_days: int = 0
    notice_on: date | None = None
    ended_on: date | None = None  # first day without cover after a cancellation, where records say
    ended_reason: str = Field(default="", max_length=120, sa_column_kwargs={"server_default": ""})  # of a cancellation, where records say
    currency: str = Field(default="", max_length=3)  # of lines that have none; empty: unknown
    renews: str = Field(default="", max_length=80, sa_column_kwargs={"server_default": ""})  # the contract it succeeds, by number
    created_at: datetime


class ContractLine(Audited, table=True):
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
    scope: LineScope = word(LineScope)
    place_id: int | None = Field(default=None, sa_type=BIG)  # site or account, by scope
    serial: str = Field(default="", max_length=200)  # as written
    serial_key: str = Field(default="", index=True, sa_type=KEY)
    product_id: int | None = Field(default=None, foreign_key="product.id", sa_type=BIG)
    quantity: int = 1
    starts_on: date | None = None
    ends_on: date | None = None
    price: Decimal | None = Field(default=None, sa_type=PRICE)  # of one unit, a year
    currency: str = Field(default="", max_length=3, sa_column_kwargs={"server_default": ""})  # of the price; empty: the contract's
    service: str = Field(default="", max_length=120)


class Invoice(Audited, table=True):
    """What billing says of a contract now. Shown beside coverage, never ends it."""

    contract_id: int = Field(primary_key=True, foreign_key="contract.id", sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    payment: Payment = word(Payment)
    invoiced_on: date | None = None
    subscription: str = Field(default="", max_length=80)
