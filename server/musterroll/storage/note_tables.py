"""The table of notes that people leave on units."""

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from musterroll.storage.columns import BIG, NEVER_REUSED, row_id


class UnitNote(SQLModel, table=True):
    """What a person wrote down about one unit. A note is taken back by undoing the change that made it."""

    __tablename__ = "unit_note"
    __table_args__ = NEVER_REUSED
    id: int | None = row_id()
    unit_id: int = Field(foreign_key="unit.id", index=True, sa_type=BIG)
    at: int = Field(sa_type=BIG)  # ms
    author: str = Field(max_length=120)
    text: str = Field(sa_type=Text)
