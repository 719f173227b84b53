"""Invoices that were issued: those outstanding by age, and their history."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, and_, case, func, or_, select, type_coerce
from sqlmodel import Session, col

from musterroll.domain.contracts.invoices import Age, due_between
from musterroll.domain.contracts.terms import Payment
from musterroll.domain.values.money import Money
from musterroll.storage.engine.bulk import among
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.contracts import Contract
from musterroll.storage.tables.invoices import IssuedInvoice

_I = IssuedInvoice
_LEFT: Any = func.coalesce(type_coerce(col(_I.balance), BigInteger), type_coerce(col(_I.amount), BigInteger))
_UNPAID = (col(_I.paid_on).is_(None), col(_I.payment).not_in([Payment.PAID, Payment.VOID]), _LEFT != 0)
Some = Collection[int] | None  # ids of accounts; None: all


class InvoiceOf(NamedTuple):
    """An invoice with its account and contract. `left`: to pay, below zero what of a credit note is not used yet; None: paid or void."""

    id: int
    ref: str
    account_ref: str
    account_name: str
    contract_ref: str | None
    issued_on: date
    due_on: date
    amount: Money
    left: Money | None
    payment: Payment
    paid_on: date | None


class InvoiceFilter(NamedTuple):
    """Which invoices; all given fields must match."""

    accounts: Some = None
    age: Age | None = None
    unpaid: bool = False
    overdue: bool = False


def ageing(session: Session, on: date, some: Some = None) -> list[tuple[Age, int, Money]]:
    """Outstanding invoices by age and currency: their number and what is left to pay."""
    bucket = case(*((_due(of, on), of.value) for of in Age))
    query = select(bucket, col(_I.currency), func.count(), func.sum(_LEFT)).where(*_UNPAID, *_of(session, some))
    rows = session.execute(query.group_by(bucket, col(_I.currency)).order_by(col(_I.currency)))
    return [(Age(row[0]), row[2], _money(row[3], row[1])) for row in rows]


def owed(session: Session, on: date, some: Some = None) -> list[tuple[int, Money, date]]:
    """By account and currency: what is overdue, and since when."""
    query = select(col(_I.account_id), col(_I.currency), func.sum(_LEFT), func.min(col(_I.due_on)))
    query = query.where(*_UNPAID, col(_I.due_on) < on, _LEFT > 0, *_of(session, some)).group_by(col(_I.account_id), col(_I.currency))
    return [(row[0], _money(row[2], row[1]), row[3]) for row in session.execute(query.order_by(col(_I.account_id), col(_I.currency)))]


def page(session: Session, filters: InvoiceFilter, on: date, after: tuple[date, int] | None, limit: int) -> list[InvoiceOf]:
    """Invoices by due date, the newest first."""
    left = case((and_(*_UNPAID), _LEFT), else_=0).label("left")
    names = (col(_I.id), col(_I.ref), col(Account.ref), col(Account.name), col(Contract.ref), col(_I.issued_on), col(_I.due_on))
    query: Any = select(*names, col(_I.amount), left, col(_I.currency), col(_I.payment), col(_I.paid_on))
    query = query.join_from(_I, Account, col(Account.id) == col(_I.account_id)).outerjoin(Contract, col(Contract.id) == col(_I.contract_id))
    where: list[Any] = [*_of(session, filters.accounts)]
    if filters.unpaid or filters.overdue or filters.age:
        where += _UNPAID
    if filters.overdue:
        where += (col(_I.due_on) < on, _LEFT > 0)
    if filters.age:
        where.append(_due(filters.age, on))
    if after:
        where.append(or_(col(_I.due_on) < after[0], and_(col(_I.due_on) == after[0], col(_I.id) < after[1])))
    rows = session.execute(query.where(*where).order_by(col(_I.due_on).desc(), col(_I.id).desc()).limit(limit))
    return [
        InvoiceOf._make([*names, Money(amount, currency), _money(left, currency) if left else None, payment, paid_on])
        for *names, amount, left, currency, payment, paid_on in rows
    ]


def _due(of: Age, on: date) -> ColumnElement[bool]:
    if of is Age.CREDIT:
        return and_(_LEFT < 0)
    first, last = due_between(of, on)
    limits = [col(_I.due_on) >= first] if first else []
    limits += [col(_I.due_on) <= last] if last else []
    return and_(_LEFT > 0, *limits)


def _of(session: Session, some: Some) -> list[Any]:
    return [] if some is None else [among(session, col(_I.account_id), some)]


def _money(value: int, currency: str) -> Money:
    return Money(Decimal(int(value)).scaleb(-4), currency)
