"""Types that all schemas of the API share."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema, model_validator

from musterroll.domain.values.dates import last_day
from musterroll.domain.values.exchange import ReportingTotal
from musterroll.domain.values.money import Money


def _no_nul(value: Any) -> Any:
    if isinstance(value, str) and "\0" in value:
        raise ValueError("must not contain a NUL")
    return value


def day(value: Any) -> date:
    """A day in ISO 8601; numbers are not accepted."""
    try:
        parsed = date.fromisoformat(value) if isinstance(value, str) and len(value) == len("2026-11-01") else None
    except ValueError:
        parsed = None
    if parsed is None or not 1970 <= parsed.year <= 2200:
        raise ValueError("must be a day from 1970 to 2200, such as 2026-11-01")
    return parsed


def _day_or_instant(value: Any) -> date | datetime:
    if not isinstance(value, str) or len(value) <= len("2026-11-01"):
        return day(value)
    try:
        parsed = datetime.fromisoformat(value.replace(" ", "+"))  # form decoding turns the plus of a zone into a space
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is None or not 1970 <= parsed.year <= 2200:
        raise ValueError("must be a day such as 2026-11-01 or an instant with a time zone such as 2026-11-01T12:00Z")
    return parsed.astimezone(UTC)


def _amount(value: Decimal) -> str:
    """At least two decimals.

    >>> _amount(Decimal("120.0000")), _amount(Decimal("0.1250"))
    ('120.00', '0.1250')
    """
    cents = value.quantize(Decimal("0.01"))
    return str(cents if cents == value else value)


Text = Annotated[str, BeforeValidator(_no_nul)]
Day = Annotated[date, BeforeValidator(day)]
DayOrInstant = Annotated[date | datetime, BeforeValidator(_day_or_instant), WithJsonSchema({"type": "string"})]
Price = Annotated[Decimal, PlainSerializer(_amount, return_type=str)]
Cursor = Annotated[Text | None, Field(max_length=200, description="`next` of the previous page; none for the first page.")]


@cache
def _schema(model: type[BaseModel], by_alias: bool, ref_template: str, mode: Any) -> dict[str, Any]:
    return BaseModel.model_json_schema.__func__(model, by_alias=by_alias, ref_template=ref_template, mode=mode)  # type: ignore[attr-defined, no-any-return]


class Schema(BaseModel):
    """A body. Its schema is cached, since flask-openapi asks for it at every request."""

    @classmethod
    def model_json_schema(  # type: ignore[override]
        cls, by_alias: bool = True, ref_template: str = "#/$defs/{model}", mode: str = "validation", **_: Any
    ) -> dict[str, Any]:
        return _schema(cls, by_alias, ref_template, mode)


class RequestSchema(Schema):
    """An incoming body or query. Unknown fields are rejected, so that a typing error is not silently ignored."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, body: Any) -> Any:
        """A missing body counts as an empty one."""
        return {} if body is None else body


class PageQuery(RequestSchema):
    cursor: Cursor = None
    limit: int = Field(default=50, ge=1, le=500, description="Maximum number of items.")


class MoneyOut(Schema):
    amount: Price
    currency: str = Field(description="ISO 4217 code.")


def inline_enum(kind: type[StrEnum]) -> WithJsonSchema:
    """An enumeration's values inline, for one whose name clashes with another in the OpenAPI document."""
    return WithJsonSchema({"type": "string", "enum": [member.value for member in kind]})


def money_out(money: Money) -> MoneyOut:
    return MoneyOut(amount=money.amount, currency=money.currency)


def last_day_of(ends_on: date | None) -> date | None:
    """The last day, from the stored first day after it."""
    return None if ends_on is None else last_day(ends_on)


class RateOut(Schema):
    currency: str
    rate: Decimal = Field(description="What one unit of it is in the reporting currency.")
    on: date = Field(description="Day of the rate.")


class ReportingTotalOut(Schema):
    """Amounts of several currencies in the reporting currency."""

    amount: Price
    currency: str = Field(description="The reporting currency.")
    rates: list[RateOut]
    missing: list[str] = Field(description="Currencies without a rate: their amounts are not in the total.")


def reporting_out(total: ReportingTotal | None) -> ReportingTotalOut | None:
    """None: no reporting currency is chosen, or all amounts are in it already."""
    if total is None:
        return None
    rates = [RateOut(currency=rate.currency, rate=round(rate.rate, 8), on=rate.on) for rate in total.rates]
    return ReportingTotalOut(amount=total.total.amount, currency=total.total.currency, rates=rates, missing=list(total.missing))


class NamedRef(Schema):
    ref: str = Field(description="Number in the customer's own systems.")
    name: str


def named_ref(ref: str | None, name: str | None) -> NamedRef | None:
    return None if ref is None or name is None else NamedRef(ref=ref, name=name)


class RefPath(RequestSchema):
    ref: Text = Field(max_length=80, description="Number in the customer's own systems.")


class NumberPath(RequestSchema):
    number: int = Field(ge=1, le=2**53 - 1)


class UnitPath(RequestSchema):
    uid: str = Field(pattern="^[A-Za-z0-9_-]{1,64}$", description="Unit ID.")
