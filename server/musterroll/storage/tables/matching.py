"""Possible duplicates, waiting for a person."""

from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from musterroll.storage.tables.columns import BIG, DOCUMENT, Audited, row_id


class Proposal(Audited, table=True):
    """A match or merge that waits for a person, with the evidence and weight of each field."""

    __table_args__ = (UniqueConstraint("kind", "left_id", "right_id"), Index("ix_proposal_state", "state", "kind", "id"))
    id: int | None = row_id()
    kind: str = Field(max_length=24)  # unit_twin, account_twin, line_serial
    left_id: int = Field(sa_type=BIG)
    right_id: int = Field(sa_type=BIG)
    weight: float  # 0 to 1
    evidence: list[dict[str, Any]] = Field(default_factory=list, sa_type=DOCUMENT)
    state: str = Field(default="open", max_length=16)  # open, accepted, rejected, gone
    change_id: int | None = Field(default=None, foreign_key="change.id", sa_type=BIG)
    created_at: int = Field(sa_type=BIG)
    decided_at: int | None = Field(default=None, sa_type=BIG)
    decided_by: str = Field(default="", max_length=120)
