"""What every shape of the API shares."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema, model_validator

from musterroll.domain.values.dates import last_day
from musterroll.domain.values.errors import Refusal
from musterroll.domain.values.money import Money


def _no_nul(value: Any) -> Any:
    if isinstance(value, str) and "\0" in value:
        raise ValueError("must not contain a NUL")
    return value


def day(value: Any) -> date:
    """A day as people write it for machines; a number is none."""
    try:
        found = date.fromisoformat(value) if isinstance(value, str) and len(value) == len("2026-11-01") else None
    except ValueError:
        found = None
    if found is None or not 1970 <= found.year <= 2200:
        raise ValueError("must be a day from 1970 to 2200, as 2026-11-01")
    return found


def _day_or_instant(value: Any) -> date | datetime:
    if not isinstance(value, str) or len(value) <= len("2026-11-01"):
        return day(value)
    try:
        found = datetime.fromisoformat(value.replace(" ", "+"))  # as a form decodes the plus of a zone
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not 1970 <= found.year <= 2200:
        raise ValueError("must be a day such as 2026-11-01 or an instant with its zone such as 2026-11-01T12:00Z")
    return found.astimezone(UTC)


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
Cursor = Annotated[Text | None, Field(max_length=200, description="`next` of the page before; none for the first page.")]


@cache
def _schema(model: type[BaseModel], by_alias: bool, ref_template: str, mode: Any) -> dict[str, Any]:
    return BaseModel.model_json_schema.__func__(model, by_alias=by_alias, ref_template=ref_template, mode=mode)  # type: ignore[attr-defined, no-any-return]


class Shape(BaseModel):
    """A body. Its schema is made once: flask-openapi asks for it at every request."""

    @classmethod
    def model_json_schema(  # type: ignore[override]
        cls, by_alias: bool = True, ref_template: str = "#/$defs/{model}", mode: str = "validation", **_: Any
    ) -> dict[str, Any]:
        return _schema(cls, by_alias, ref_template, mode)


class Request(Shape):
    """What comes in: a field nobody knows is refused, so that a typing error filters or sets nothing silently."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _of_nothing(cls, said: Any) -> Any:
        """No body at all says nothing."""
        return {} if said is None else said


class PageQuery(Request):
    cursor: Cursor = None
    limit: int = Field(default=50, ge=1, le=500, description="How many at most.")


def numbers(cursor: str | None, count: int) -> tuple[int, ...] | None:
    """The whole numbers of a cursor `n` or `n.n`. Raises Refusal."""
    if cursor is None:
        return None
    parts = cursor.split(".")
    if len(parts) != count or not all(part.isascii() and part.isdigit() and len(part) <= 18 for part in parts):
        raise Refusal("the cursor is not one of ours; start from the first page", "bad_cursor")
    return tuple(int(part) for part in parts)


class MoneyOut(Shape):
    amount: Price
    currency: str = Field(description="ISO 4217.")


def in_line(kind: type[StrEnum]) -> WithJsonSchema:
    """The words of an enumeration where they are used: for one whose name another in the document has."""
    return WithJsonSchema({"type": "string", "enum": [one.value for one in kind]})


def money_out(one: Money) -> MoneyOut:
    return MoneyOut(amount=one.amount, currency=one.currency)


def last_day_of(ends_on: date | None) -> date | None:
    """The last day of what is stored with the first day after it."""
    return None if ends_on is None else last_day(ends_on)


class Named(Shape):
    ref: str = Field(description="The number the customer's own systems know it by.")
    name: str


def named(ref: str | None, name: str | None) -> Named | None:
    return None if ref is None or name is None else Named(ref=ref, name=name)


class RefPath(Request):
    ref: Text = Field(max_length=80, description="The number the customer's own systems know it by.")


class NumberPath(Request):
    number: int = Field(ge=1, le=2**53 - 1)


class UnitPath(Request):
    uid: str = Field(pattern="^[A-Za-z0-9_-]{1,64}$", description="The unit id.")
