"""Exchange rates and the reporting currency."""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import and_, func, select
from sqlmodel import Session, col

from musterroll.domain.values.exchange import Exchange, Quote
from musterroll.storage.tables.money import ExchangeRate, RegistryOption

REPORTING = "reporting_currency"
_R = ExchangeRate


def exchange(session: Session, on: date) -> Exchange:
    """The reporting currency, and the newest rate of each pair of currencies on a day; none where no currency is chosen."""
    chosen = option(session)
    if chosen is None or not chosen.value:
        return Exchange()
    newest = select(col(_R.base), col(_R.currency), func.max(col(_R.on)).label("on")).where(col(_R.on) <= on)
    latest = newest.group_by(col(_R.base), col(_R.currency)).subquery()
    same = (latest.c.base == col(_R.base), latest.c.currency == col(_R.currency), latest.c.on == col(_R.on))
    rows = session.execute(select(col(_R.base), col(_R.currency), col(_R.on), col(_R.rate)).join(latest, and_(*same)))
    return Exchange(chosen.value, tuple(Quote(*row) for row in rows))


def option(session: Session) -> RegistryOption | None:
    return session.scalars(select(RegistryOption).where(col(RegistryOption.name) == REPORTING)).one_or_none()


def on_days(session: Session, days: Collection[date]) -> list[dict[str, Any]]:
    """The rates of these days, as columns of the table."""
    table: Any = _R.__table__  # type: ignore[attr-defined]
    return [{**row} for row in session.execute(select(table).where(table.c.on.in_(days))).mappings()] if days else []


def quote(session: Session, on: date, base: str, currency: str) -> ExchangeRate | None:
    query = select(_R).where(col(_R.on) == on, col(_R.base) == base, col(_R.currency) == currency)
    return session.scalars(query).one_or_none()


def page(session: Session, before_id: int | None, limit: int) -> list[ExchangeRate]:
    """Rates, those added last first."""
    query = select(_R) if before_id is None else select(_R).where(col(_R.id) < before_id)
    return list(session.scalars(query.order_by(col(_R.id).desc()).limit(limit)))
