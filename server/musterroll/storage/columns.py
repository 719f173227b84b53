"""The few column kinds all tables share."""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Enum, Integer, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

BIG = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows itself only for INTEGER
KEY = String(64).with_variant(String(64, collation="C"), "postgresql")  # one order, byte by byte, on both engines
DOCUMENT = JSON().with_variant(JSONB(), "postgresql")


def row_id() -> Any:
    return Field(default=None, primary_key=True, sa_type=BIG)


def word(kind: type[StrEnum], **field: Any) -> Any:
    """A column of an enumeration's values (not names) as plain text, so that a new value needs no migration."""
    return Field(
        sa_type=Enum(kind, values_callable=lambda e: [m.value for m in e], native_enum=False, create_constraint=False, length=24), **field
    )
