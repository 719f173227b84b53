"""The reporting currency of the registry, and exchange rates by hand."""

from datetime import date, datetime
from decimal import Decimal

from sqlmodel import Session

from musterroll.domain.values.currencies import CURRENCIES
from musterroll.domain.values.errors import DomainError
from musterroll.storage.contracts import exchange_rates
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.money import ExchangeRate
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.audit.options import set_option

MOST = Decimal(10) ** 9


def choose(session: Session, currency: str, actor: str, now: datetime) -> AuditChange:
    """Choose the currency of totals; empty for none. Raises DomainError."""
    if currency:
        check(currency)
    option, subject = exchange_rates.option(session), f"reporting currency {currency or 'none'}"
    return set_option(session, option, exchange_rates.REPORTING, currency, subject=subject, actor=actor, now=now)


def set_rate(session: Session, on: date, base: str, currency: str, rate: Decimal, actor: str, now: datetime) -> AuditChange:
    """Note that on a day one `base` was `rate` of `currency`. Raises DomainError."""
    check(base)
    check(currency)
    if base == currency or not rate.is_finite() or not Decimal("1e-8") <= rate <= MOST:
        raise DomainError("a rate is a positive number between two different currencies, such as 1 EUR = 1.0832 USD", "bad_rate")
    change = audit_record.begin(session, actor=actor, kind="rate", subject=f"{on}: 1 {base} = {rate} {currency}", now=now)
    known = exchange_rates.quote(session, on, base, currency)
    if known is None:
        known = ExchangeRate(on=on, base=base, currency=currency, rate=rate)
        session.add(known)
        session.flush()
        audit_record.added(session, change, "exchange_rate", [known.id or 0])
        return change
    with audit_record.watching(session, change, "exchange_rate", [known.id or 0]):
        known.rate = rate
    return change


def check(currency: str) -> None:
    """Raises DomainError unless it is the code of a currency."""
    if currency not in CURRENCIES:
        raise DomainError(f"{currency[:20]!r} is not the code of a currency such as EUR", "bad_currency")
