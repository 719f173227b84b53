"""Exchange rates and the reporting currency."""

from datetime import date
from decimal import Decimal, InvalidOperation

from flask import Blueprint, Response, make_response, redirect, request

from musterroll.domain.access import Role
from musterroll.domain.values import cursors
from musterroll.domain.values.errors import DomainError
from musterroll.storage.contracts import exchange_rates
from musterroll.usecases.contracts import reporting_currency
from musterroll.web.http.context import actor, clock, needs, page, read_only, transaction

pages = Blueprint("rates", __name__)
_PAGE = 50


@pages.get("/rates")
@needs(Role.ADMIN, everywhere=True)
def overview() -> str:
    return _page()


@pages.post("/rates/reporting")
@needs(Role.ADMIN, everywhere=True)
def choose() -> Response:
    currency = _field("currency").upper()
    try:
        with transaction() as session:
            reporting_currency.choose(session, currency, actor().name, clock())
    except DomainError as refusal:
        return make_response(_page(str(refusal)), 422)
    return redirect("/rates", 303)  # type: ignore[return-value]


@pages.post("/rates")
@needs(Role.ADMIN, everywhere=True)
def set_rate() -> Response:
    base, currency = _field("base").upper(), _field("currency").upper()
    try:
        on, rate = _day(_field("on")), _rate(_field("rate"))
        with transaction() as session:
            reporting_currency.set_rate(session, on, base, currency, rate, actor().name, clock())
    except DomainError as refusal:
        return make_response(_page(str(refusal)), 422)
    return redirect("/rates", 303)  # type: ignore[return-value]


def _page(refused: str | None = None) -> str:
    now, after = clock(), request.args.get("after") or None
    with read_only() as session:
        chosen = exchange_rates.option(session)
        rows, following = cursors.cut(exchange_rates.page(session, cursors.number(after), _PAGE + 1), _PAGE, lambda row: (row.id,))
    reporting = chosen.value if chosen else ""
    return page("rates.html", now, reporting=reporting, rows=rows, after=after, following=following, form=request.form, refused=refused)


def _field(name: str) -> str:
    return request.form.get(name, "").strip()[:40]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise DomainError("enter the day of the rate, such as 2026-11-27", "bad_day") from None


def _rate(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise DomainError("enter the rate as a number such as 1.0832", "bad_number") from None
