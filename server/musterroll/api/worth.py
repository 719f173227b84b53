"""Worth: annual value of the contract lines in force by account, segment or product, and what of it is at stake."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from flask import Response
from pydantic import Field
from sqlmodel import Session

from musterroll.api.http.context import clock, snapshot
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import MoneyOut, ReportingTotalOut, Schema, money_out, reporting_out
from musterroll.api.invoices import AgeOut, age_out
from musterroll.api.renewals import RetentionOut, retention_out
from musterroll.domain.contracts.book import MONEY, Worth
from musterroll.domain.findings.kinds import FindingKind
from musterroll.domain.values import cursors
from musterroll.domain.values.money import Money
from musterroll.storage.contracts import exchange_rates
from musterroll.usecases.installed_base import worth as base_worth
from musterroll.usecases.installed_base.renewal_forecast import BackTest, Range, RenewalForecast
from musterroll.usecases.installed_base.renewals import RenewalSum
from musterroll.usecases.installed_base.usage_revenue import UsageRevenue
from musterroll.usecases.installed_base.worth import WorthBreakdown, WorthOf, WorthOverview

api = guarded("worth", "contracts")


class WorthOut(Schema):
    """Annual value of contract lines in force, by currency. Overdue, ending and declining overlap with the others."""

    seats: int = Field(description="Units on the lines.")
    priced: int = Field(description="Of these: with a price. The others are not in the amounts.")
    silent_seats: int = Field(description="Seats of deployed units that do not report.")
    unused_seats: int = Field(description="Seats without a deployed or operating unit.")
    value: list[MoneyOut]
    silent: list[MoneyOut]
    unused: list[MoneyOut]
    overdue: list[MoneyOut] = Field(description="Of contracts whose invoice is overdue.")
    ending: list[MoneyOut] = Field(description="Ends within 90 days and does not renew by itself.")
    declining: list[MoneyOut] = Field(description="Of accounts whose installed base fell by a tenth or more in about a month.")
    stake: list[MoneyOut] = Field(description="At stake: silent, unused, overdue, ending or declining, each amount once.")


class WorthRow(WorthOut):
    key: str = Field(description="Account number, segment or product; empty if unknown.")
    name: str


class KindWorthOut(Schema):
    kind: FindingKind
    findings: int
    worth: list[MoneyOut] = Field(description="Annual value without what another kind counts.")


class QuarterOut(Schema):
    """Contracts whose term ends in a quarter, within twelve months."""

    quarter: str
    contracts: int
    renewing: int = Field(description="Of these: renew automatically unless notice is given.")
    worth: list[MoneyOut]
    risk: list[MoneyOut] = Field(description="Annual value at risk (silent units).")


class QuarterRetentionOut(Schema):
    quarter: str
    due: int = Field(description="Terms that ended.")
    renewed: int
    retention: list[RetentionOut]


class RangeOut(Schema):
    expected: float
    low80: float
    high80: float
    low95: float
    high95: float


class ValueForecastOut(Schema):
    due: MoneyOut = Field(description="Annual value of the contracts due.")
    renewed: RangeOut | None = Field(description="Of it, expected to be renewed; null: too few past terms to tell.")


class QuarterForecastOut(Schema):
    quarter: str
    due: int = Field(description="Contracts whose term ends; of this quarter only those still to end.")
    renewed: RangeOut | None = Field(description="Of these, expected to be renewed; null: too few past terms to tell.")
    values: list[ValueForecastOut] = Field(description="By currency.")


class BackTestOut(Schema):
    of: str = Field(description="Empty: the number of contracts; else the annual value in this currency.")
    held: int = Field(description="Past quarters in which the 80 % range held what was renewed.")
    quarters: int
    grade: str


class ForecastOut(Schema):
    """Renewals of this and the next quarters, from the terms that ended in complete quarters of the last years."""

    terms: int
    renewed: int
    coming: list[QuarterForecastOut]
    tests: list[BackTestOut]


class UsageAmountOut(Schema):
    currency: str
    a_day: float = Field(
        description="Average price of a day of an operating unit, weighted by the share of units with a price in this currency."
    )
    revenue: RangeOut


class UsageRevenueOut(Schema):
    """Revenue of the next quarter if operating units were billed by the day at the average price of contract lines."""

    quarter: str
    quarters: int = Field(description="Complete past quarters that are known; at least 4 are needed.")
    unit_days: RangeOut | None
    amounts: list[UsageAmountOut]
    test: BackTestOut | None


class WorthPage(Schema):
    items: list[WorthRow]
    next: str | None
    on: date
    counted_at: datetime
    total: WorthOut
    value_together: ReportingTotalOut | None = Field(description="The book value in the reporting currency.")
    findings: list[KindWorthOut]
    renewals: list[QuarterOut]
    retention: list[QuarterRetentionOut] = Field(description="By quarter, the newest first.")
    forecast: ForecastOut
    usage_revenue: UsageRevenueOut | None
    ageing: list[AgeOut] = Field(description="Outstanding invoices by days overdue.")


class WorthQuery(ListQuery):
    by: WorthBreakdown = WorthBreakdown.ACCOUNT


@listing(api, "/worth", WorthPage, "Annual value of the contract lines in force, and what of it is at stake")
def list_worth(query: WorthQuery) -> Response:
    """Value belongs to the account of the contract. For a large fleet, updated every ten minutes."""
    now = clock()
    with snapshot() as session:
        overview = base_worth.worth(session, now)
        rows = base_worth.breakdown(session, query.by, now).value
        exchange = exchange_rates.exchange(session, now.date())
    together, ages = exchange.total(overview.value.total.value), [age_out(of, exchange) for of in overview.value.ageing]

    def fetch(_: Session, cursor: str | None, limit: int) -> Page:
        after = cursors.text(cursor)
        behind = [row for row in rows if after is None or row.key > after]
        shown, following = cursors.cut(behind, limit, lambda row: (row.key,))
        return list(map(_row, shown)), following

    summary = {**_summary(overview.value), "counted_at": overview.at, "value_together": reporting_out(together), "ageing": ages}
    return listed(WorthPage, query, "worth", fetch, lambda: summary)


def _summary(of: WorthOverview) -> dict[str, object]:
    kinds = [KindWorthOut(kind=row.kind, findings=row.findings, worth=_amounts(row.worth)) for row in of.findings]
    past = [
        QuarterRetentionOut(quarter=row.name, due=row.due, renewed=row.renewed, retention=list(map(retention_out, row.money)))
        for row in of.retention
    ]
    total = WorthOut(**_fields(of.total))
    return {
        "on": of.on,
        "total": total,
        "findings": kinds,
        "renewals": list(map(_quarter, of.renewals)),
        "retention": past,
        "forecast": _forecast(of.forecast),
        "usage_revenue": of.usage and _usage(of.usage),
    }


def _quarter(of: RenewalSum) -> QuarterOut:
    return QuarterOut(quarter=of.name, contracts=of.contracts, renewing=of.renewing, worth=_amounts(of.worth), risk=_amounts(of.risk))


def _forecast(of: RenewalForecast) -> ForecastOut:
    coming = [
        QuarterForecastOut(
            quarter=row.name,
            due=row.due,
            renewed=_range(row.renewed),
            values=[ValueForecastOut(due=money_out(value.due), renewed=_range(value.renewed)) for value in row.values],
        )
        for row in of.coming
    ]
    tests = list(map(_test, of.tests))
    return ForecastOut(terms=of.terms, renewed=of.renewed, coming=coming, tests=tests)


def _usage(of: UsageRevenue) -> UsageRevenueOut:
    amounts = [
        UsageAmountOut(currency=row.currency, a_day=round(row.a_day, 4), revenue=RangeOut(**_rounded(row.revenue))) for row in of.amounts
    ]
    test = of.test and _test(of.test)
    return UsageRevenueOut(quarter=of.name, quarters=of.quarters, unit_days=_range(of.unit_days), amounts=amounts, test=test)


def _test(of: BackTest) -> BackTestOut:
    return BackTestOut(of=of.of, held=of.held, quarters=of.quarters, grade=of.grade)


def _range(of: Range | None) -> RangeOut | None:
    return None if of is None else RangeOut(**_rounded(of))


def _rounded(of: Range) -> dict[str, float]:
    return {name: round(value, 2) for name, value in of._asdict().items()}


def _row(of: WorthOf) -> WorthRow:
    return WorthRow(key=of.key, name=of.name, **_fields(of.worth))


def _fields(of: Worth) -> dict[str, Any]:
    return {**of._asdict(), **{name: _amounts(getattr(of, name)) for name in MONEY}}


def _amounts(amounts: Iterable[Money]) -> list[MoneyOut]:
    return list(map(money_out, amounts))
