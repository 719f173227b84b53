"""Segments as the schedule worked them out last, pairs of products, and hand-overs.

No foreign keys to accounts and products: what was worked out holds up no merge and no undo.
"""

from datetime import date

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from musterroll.domain.segments.outcomes import HandOverOutcome, HandOverWay
from musterroll.storage.tables.columns import BIG, NEVER_REUSED, Audited, row_id, word


class SegmentMember(SQLModel, table=True):
    """An account in a segment. `account_id` 0: units without an account."""

    __tablename__ = "segment_member"
    segment: str = Field(primary_key=True, max_length=40)
    account_id: int = Field(primary_key=True, index=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    units: int
    priced: int
    worth: str = Field(default="", max_length=300)  # a year, by currency
    why: str = Field(default="", max_length=400)
    entered_on: date
    deployed: int = 0  # units of the account
    covered: int = 0  # units of the account on contract lines
    term_began: date | None = None  # the newest contract term in force


class SegmentSize(SQLModel, table=True):
    """The size of a segment on a day, as counted last on it."""

    __tablename__ = "segment_size"
    segment: str = Field(primary_key=True, max_length=40)
    on: date = Field(primary_key=True)
    at: int = Field(sa_type=BIG)  # ms
    accounts: int
    units: int
    priced: int
    worth: str = Field(default="", max_length=300)


class ProductPair(SQLModel, table=True):
    """Accounts that own product A, B and both, of all; as learned last."""

    __tablename__ = "product_pair"
    a_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    b_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    accounts: int
    first: int
    second: int
    both: int
    p: float


class PairDecision(Audited, table=True):
    """Whether a person says that product B goes with A."""

    __tablename__ = "pair_decision"
    __table_args__ = (UniqueConstraint("a_id", "b_id"), NEVER_REUSED)
    id: int | None = row_id()
    a_id: int = Field(sa_type=BIG)
    b_id: int = Field(sa_type=BIG)
    confirmed: bool
    decided_by: str = Field(max_length=120)


class HandOver(SQLModel, table=True):
    """Members of a segment given to another system or person."""

    __tablename__ = "hand_over"
    __table_args__ = NEVER_REUSED
    id: int | None = row_id()
    segment: str = Field(index=True, max_length=40)
    name: str = Field(max_length=120)  # of the segment at that time
    handed_at: int = Field(sa_type=BIG)  # ms
    handed_by: str = Field(max_length=120)
    way: HandOverWay = word(HandOverWay)
    receiver: str = Field(default="", max_length=120)
    comment: str = Field(default="", max_length=500)


class HandOverAccount(SQLModel, table=True):
    """An account as it was handed over, and what became of it."""

    __tablename__ = "hand_over_account"
    hand_over_id: int = Field(primary_key=True, foreign_key="hand_over.id", sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    account_id: int = Field(primary_key=True, index=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    units: int
    priced: int
    worth: str = Field(default="", max_length=300)
    why: str = Field(default="", max_length=400)
    deployed: int = 0
    covered: int = 0
    term_began: date | None = None
    outcome: HandOverOutcome = word(HandOverOutcome, default=HandOverOutcome.STILL_IN)
