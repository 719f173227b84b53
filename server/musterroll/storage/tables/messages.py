"""Durable messages, how far each stream was received, and what could not be accepted."""

from sqlalchemy import LargeBinary, text
from sqlmodel import Field, SQLModel

from musterroll.storage.tables.columns import BIG, row_id


class DurableMessage(SQLModel, table=True):
    """A birth or record as it came. The key absorbs replays. No foreign key: a unit is never deleted, and the check is paid per row."""

    __tablename__ = "message"
    unit_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    epoch: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    seq: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    about: str = Field(max_length=256)  # birth, hour, change, event, warranty, ...
    at: int = Field(sa_type=BIG)  # seconds, the unit's clock
    received_at: int = Field(sa_type=BIG)  # ms, the registry's clock
    body: str  # the payload, as it came


class MessageStream(SQLModel, table=True):
    """How far each epoch of a unit is committed without a gap: what its next receipt will say."""

    __tablename__ = "message_stream"
    __table_args__ = {"postgresql_with": {"fillfactor": "70"}}
    unit_id: int = Field(primary_key=True, foreign_key="unit.id", sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    epoch: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    upto: int = Field(sa_type=BIG)
    highest: int = Field(sa_type=BIG)  # the highest seq kept; above `upto` there is a gap between
    forked: bool = Field(
        default=False, sa_column_kwargs={"server_default": text("FALSE")}
    )  # two messages with one number: no more is kept in it


class SetAsideMessage(SQLModel, table=True):
    """What a unit sent under a number that another message has, or in a forked epoch: evidence of older state, or of a copy.

    Of heartbeats of a passed epoch the newest is kept, with seq 0.
    """

    __tablename__ = "set_aside_message"
    unit_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    epoch: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    seq: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    digest: str = Field(primary_key=True, max_length=64)  # of the body without `oldest`, so that one that is sent again is kept once
    about: str = Field(max_length=256)
    at: int = Field(sa_type=BIG)  # seconds, the unit's clock
    received_at: int = Field(sa_type=BIG)  # ms, the registry's clock; of the first time
    body: str


class QuarantinedMessage(SQLModel, table=True):
    """A message that could not be accepted, with the reason. Never retried."""

    __tablename__ = "quarantine"
    id: int | None = row_id()
    at: int = Field(sa_type=BIG)  # ms
    unit: str = Field(default="", max_length=64)  # as the topic named it
    topic: str = Field(max_length=300)
    code: str = Field(max_length=40, index=True)
    detail: str = Field(max_length=500)
    size: int
    payload: bytes = Field(sa_type=LargeBinary)  # the first 4 KiB
