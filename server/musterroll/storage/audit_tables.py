"""Tables of who did what: changes that can be undone, and the entries that prove them."""

from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from musterroll.storage.columns import BIG, DOCUMENT, present, row_id


class Change(SQLModel, table=True):
    """One act of a person or a program: an import, a merge, a decision, a move. Undoing is another change."""

    id: int | None = row_id()
    at: int = Field(sa_type=BIG)  # ms
    actor: str = Field(max_length=120)
    kind: str = Field(max_length=32)  # import, merge, decision, lifecycle, warranty, undo, ...
    subject: str = Field(max_length=200)  # in words: a file, a serial
    reason: str = Field(default="", max_length=500)
    undoes_id: int | None = Field(default=None, foreign_key="change.id", unique=True, sa_type=BIG)


class AuditEntry(SQLModel, table=True):
    """One row before and after a change (only the columns that differ). Append-only; each hash covers the one before it."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_row", "table_name", "row_key"), Index("ix_audit_entry_change", "change_id", "id"))
    id: int | None = row_id()
    change_id: int = Field(sa_type=BIG)  # no foreign key: the check is paid per row, and the chain proves more
    table_name: str = Field(max_length=40)
    row_key: str = Field(max_length=120)
    before: dict[str, Any] | None = Field(default=None, sa_type=DOCUMENT)  # None: it was not there
    after: dict[str, Any] | None = Field(default=None, sa_type=DOCUMENT)  # None: it was deleted
    hash: str = Field(max_length=64)


class ImportRun(SQLModel, table=True):
    """One document that came in."""

    __tablename__ = "import_run"
    id: int | None = row_id()
    change_id: int = Field(foreign_key="change.id", index=True, sa_type=BIG)
    kind: str = Field(max_length=24)
    file: str = Field(max_length=300)
    sha256: str = Field(max_length=64)
    mapping: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)
    counts: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)  # new, changed, same, refused


class ImportRow(SQLModel, table=True):
    """The verdict on one row that was not simply the same: where a record came from, or why a row was refused."""

    __tablename__ = "import_row"
    __table_args__ = (present("ix_import_row_record_id", "record_id"),)
    run_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})  # no foreign key: paid per row
    line: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    verdict: str = Field(max_length=16)  # new, changed, refused
    record_id: int | None = Field(default=None, sa_type=BIG)  # the row it made or changed, of the table its kind of document is about
    detail: str = Field(default="", max_length=500)


class SavedMapping(SQLModel, table=True):
    """Headers of a customer's file by our field names, saved to be used again."""

    __tablename__ = "saved_mapping"
    id: int | None = row_id()
    kind: str = Field(max_length=24)
    name: str = Field(unique=True, max_length=120)
    columns: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)
