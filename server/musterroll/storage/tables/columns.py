"""What tables share: a few kinds of columns, and the mark of those whose rows are audited."""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Column, Enum, Index, Integer, String, TypeDecorator, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

BIG = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows itself only for INTEGER
KEY = String(64).with_variant(String(64, collation="C"), "postgresql")  # one order, byte by byte, on both engines
REF = String(80).with_variant(String(80, collation="C"), "postgresql")  # the same of numbers that are found by how they begin
NEVER_REUSED = {"sqlite_autoincrement": True}  # a table argument: the number of a deleted row names nothing else afterwards
DOCUMENT = JSON().with_variant(JSONB(), "postgresql")
OPTIONAL = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")  # a document that may be missing


class Audited(SQLModel):
    """A table that people and documents write: every change of a row is in the audit and can be undone.

    All columns are audited, unless a table names those that are, or those that are not.
    """

    audited: ClassVar[frozenset[str]] = frozenset()
    not_audited: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def audited_columns(cls) -> list[Column[Any]]:
        columns: Iterable[Column[Any]] = cls.__table__.columns  # type: ignore[attr-defined]
        return [column for column in columns if column.name not in cls.not_audited and (not cls.audited or column.name in cls.audited)]


class Price(TypeDecorator[Decimal]):
    """An exact amount, stored as whole ten-thousandths: SQLite has no decimals, and sums must agree on both engines."""

    impl = BigInteger
    cache_ok = True
    places: ClassVar[int] = 4

    def process_bind_param(self, value: Decimal | None, dialect: Any) -> int | None:
        return None if value is None else int(value.scaleb(self.places).to_integral_value(ROUND_HALF_EVEN))

    def process_result_value(self, value: int | None, dialect: Any) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-self.places)


class Rate(Price):
    """An exact ratio, stored as whole hundred-millionths."""

    cache_ok = True
    places: ClassVar[int] = 8


PRICE, RATE = Price(), Rate()


def row_id() -> Any:
    return Field(default=None, primary_key=True, sa_type=BIG)


def word(kind: type[StrEnum], **field: Any) -> Any:
    """A column of an enumeration's values (not names) as plain text, so that a new value needs no migration."""
    return Field(
        sa_type=Enum(kind, values_callable=lambda e: [m.value for m in e], native_enum=False, create_constraint=False, length=24), **field
    )


def present(name: str, column: str) -> Index:
    """An index of the few rows that have a value in a column that is mostly empty."""
    where = text(f"{column} IS NOT NULL")
    return Index(name, column, postgresql_where=where, sqlite_where=where)
