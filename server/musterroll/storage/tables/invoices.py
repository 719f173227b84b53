"""Invoices that were issued to accounts."""

from datetime import date
from decimal import Decimal

from sqlalchemy import Index, text
from sqlmodel import Field

from musterroll.domain.contracts.terms import Payment
from musterroll.storage.tables.columns import BIG, NEVER_REUSED, PRICE, Audited, row_id, word

_UNPAID = text("paid_on IS NULL AND payment NOT IN ('paid', 'void')")


class IssuedInvoice(Audited, table=True):
    """One invoice. Outstanding until it is paid or void: `balance`, or else the whole amount."""

    __tablename__ = "issued_invoice"
    __table_args__ = (Index("ix_issued_invoice_unpaid", "due_on", postgresql_where=_UNPAID, sqlite_where=_UNPAID), NEVER_REUSED)
    id: int | None = row_id()
    ref: str = Field(unique=True, max_length=80)
    account_id: int = Field(foreign_key="account.id", index=True, sa_type=BIG)
    contract_id: int | None = Field(default=None, foreign_key="contract.id", sa_type=BIG)
    issued_on: date
    due_on: date = Field(index=True)
    amount: Decimal = Field(sa_type=PRICE)
    balance: Decimal | None = Field(default=None, sa_type=PRICE)
    currency: str = Field(max_length=3)
    payment: Payment = word(Payment, default=Payment.UNKNOWN)
    paid_on: date | None = None
