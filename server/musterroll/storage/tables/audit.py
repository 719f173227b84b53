"""Tables of who did what: changes that can be undone, and the entries that prove them."""

from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from musterroll.storage.tables.columns import BIG, DOCUMENT, row_id

_BLOCKS = text("last_row IS NOT NULL")


class AuditChange(SQLModel, table=True):
    """One act of a person or a program: an import, a merge, a decision, a move. Undoing is another change."""

    __tablename__ = "change"
    id: int | None = row_id()
    at: int = Field(sa_type=BIG)  # ms
    actor: str = Field(max_length=120)
    kind: str = Field(max_length=32)  # import, merge, decision, lifecycle, warranty, undo, ...
    subject: str = Field(max_length=200)  # in words: a file, a serial
    reason: str = Field(default="", max_length=500)
    undoes_id: int | None = Field(default=None, foreign_key="change.id", unique=True, sa_type=BIG)


class AuditEntry(SQLModel, table=True):
    """One row before and after a change (only the columns that differ). Append-only; each hash covers the one before it.

    With `last_row` it is a block: many new rows in one entry (`storage.audit.blocks`).
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_row", "table_name", "row_key"),
        Index("ix_audit_entry_change", "change_id", "id"),
        Index("ix_audit_entry_block", "table_name", "last_row", postgresql_where=_BLOCKS, sqlite_where=_BLOCKS),
    )
    id: int | None = row_id()
    change_id: int = Field(sa_type=BIG)  # no foreign key: the check is paid per row, and the chain proves more
    table_name: str = Field(max_length=40)
    row_key: str = Field(max_length=120)
    before: dict[str, Any] | None = Field(default=None, sa_type=DOCUMENT)  # None: it was not there
    after: dict[str, Any] | None = Field(default=None, sa_type=DOCUMENT)  # None: it was deleted
    hash: str = Field(max_length=64)
    first_row: int | None = Field(default=None, sa_type=BIG)  # of a block: the keys of its first and its last row
    last_row: int | None = Field(default=None, sa_type=BIG)


class UndoProgress(SQLModel, table=True):
    """An undo that is not complete: what it has still to do."""

    __tablename__ = "undo_progress"
    change_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False}, foreign_key="change.id")
    phase: str = Field(max_length=16)
    last: int = Field(sa_type=BIG)  # the row that was done last, of those the phase goes through
    separated: list[Any] = Field(default_factory=list, sa_type=DOCUMENT)  # units no longer merged, each with the one in its place
    stepped_at: int = Field(default=0, sa_type=BIG, sa_column_kwargs={"server_default": "0"})  # ms: of the last step


class UndoDue(SQLModel, table=True):
    """A unit whose standard warranties are worked out again once every row is put back."""

    __tablename__ = "undo_due"
    change_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    unit_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
