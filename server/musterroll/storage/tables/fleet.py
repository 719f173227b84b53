"""Tables of planners: filters of the fleet saved under a name, and figures of large fleets kept between two counts."""

from typing import Any

from sqlmodel import Field, SQLModel

from musterroll.storage.tables.columns import BIG, DOCUMENT, NEVER_REUSED, row_id


class SavedFilter(SQLModel, table=True):
    """A segment of one's own: a filter of the fleet, by the words of its address."""

    __tablename__ = "saved_filter"
    __table_args__ = NEVER_REUSED
    id: int | None = row_id()
    name: str = Field(unique=True, max_length=80)
    words: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)  # as `registry.fleet_filters` writes them
    made_at: int = Field(sa_type=BIG)  # ms
    made_by: str = Field(max_length=120)
