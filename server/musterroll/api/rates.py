"""Exchange rates and the reporting currency: one total beside the amounts in several currencies."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from flask import Response
from pydantic import Field
from sqlmodel import Session

from musterroll.api.audit import ChangeOut, change_out
from musterroll.api.http.context import actor, answer, clock, read_only, transaction
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import Day, RequestSchema, Schema, Text
from musterroll.domain.access import Role, needs
from musterroll.domain.values import cursors
from musterroll.storage.contracts import exchange_rates
from musterroll.storage.tables.money import ExchangeRate
from musterroll.usecases.contracts import reporting_currency

api = guarded("rates", "exchange rates")
Code = Annotated[Text, Field(min_length=3, max_length=3, description="ISO 4217 code.")]


class ReportingCurrency(RequestSchema):
    currency: Text | None = Field(default=None, max_length=3, description="ISO 4217 code; null: totals stay in their own currencies.")


class ReportingCurrencyOut(Schema):
    currency: str | None


class RateBody(RequestSchema):
    on: Day
    base: Code
    currency: Code
    rate: Decimal = Field(gt=0, le=reporting_currency.MOST, decimal_places=8, description="What one unit of the base is in the currency.")


class DayRateOut(Schema):
    on: date
    base: str
    currency: str
    rate: Annotated[Decimal, Field(description="What one unit of the base is in the currency.")]


class RatePage(Schema):
    items: list[DayRateOut]
    next: str | None


@api.get("/reporting-currency", summary="Reporting currency", responses={200: ReportingCurrencyOut})
def get_reporting_currency() -> Response:
    with read_only() as session:
        chosen = exchange_rates.option(session)
    return answer(ReportingCurrencyOut(currency=(chosen.value or None) if chosen else None))


@api.put("/reporting-currency", summary="Choose the reporting currency", responses={200: ChangeOut, **documented(400, 409, 413, 415)})
@needs(Role.ADMIN, everywhere=True)
def put_reporting_currency(body: ReportingCurrency) -> Response:
    """Totals of several currencies get one total in it, by the newest rates. Can be undone."""
    with transaction() as session:
        return answer(change_out(reporting_currency.choose(session, body.currency or "", actor(), clock())))


@listing(api, "/rates", RatePage, "Exchange rates, those added last first")
def list_rates(query: ListQuery) -> Response:
    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        rows, following = cursors.cut(exchange_rates.page(session, cursors.number(cursor), limit + 1), limit, lambda row: (row.id,))
        return [_rate(row) for row in rows], following

    return listed(RatePage, query, "rates", fetch)


@api.put("/rates", summary="Set an exchange rate of a day", responses={200: ChangeOut, **documented(400, 409, 413, 415)})
@needs(Role.ADMIN, everywhere=True)
def put_rate(body: RateBody) -> Response:
    """Lists of rates are imported as documents of the kind `rates`. Can be undone."""
    with transaction() as session:
        change = reporting_currency.set_rate(session, body.on, body.base, body.currency, body.rate, actor(), clock())
        return answer(change_out(change))


def _rate(row: ExchangeRate) -> DayRateOut:
    return DayRateOut(on=row.on, base=row.base, currency=row.currency, rate=row.rate.normalize())
