"""Doubts about which device reports as a unit: signs as messages bring them, and the cases that follow. Instants are ms."""

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from musterroll.domain.messages.identity import Doubt
from musterroll.storage.tables.columns import BIG, word


class IdentitySign(SQLModel, table=True):
    """What speaks against one device going on from where it was; deleted once there has been nothing more for a while."""

    __tablename__ = "identity_sign"
    unit_id: int = Field(primary_key=True, foreign_key="unit.id", sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    first_at: int = Field(sa_type=BIG)
    last_at: int = Field(sa_type=BIG)
    judged_at: int = Field(default=0, sa_type=BIG)
    conflicts: int  # messages set aside: two contents under one number, or a number of a forked epoch
    passed: int  # heartbeats of an epoch that the registry had passed
    turns: int  # how often two lines of heartbeats have taken turns
    hardware: int  # births with other hardware than the birth before
    newest_epoch: int = Field(sa_type=BIG)  # at the last passed heartbeat: whether the other line has gone on since
    newest_beat: int = Field(sa_type=BIG)


class IdentityCase(SQLModel, table=True):
    """A doubt that a person must look at, one of a kind for each unit; over once a new credential is issued."""

    __tablename__ = "identity_case"
    unit_id: int = Field(primary_key=True, foreign_key="unit.id", sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    doubt: Doubt = word(Doubt, primary_key=True)
    since: int = Field(sa_type=BIG)
    at: int = Field(sa_type=BIG)  # the last sign of it
    says: str = Field(sa_type=Text)  # one clause
    facts: str = Field(sa_type=Text)  # what a decision rests on
