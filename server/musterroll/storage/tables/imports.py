"""Imported documents, their rows, saved mappings of headings, and the sources that documents come from by themselves."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from musterroll.domain.imports import RunState
from musterroll.storage.tables.columns import BIG, DOCUMENT, NEVER_REUSED, OPTIONAL, Audited, present, row_id, word


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
    at: int = Field(index=True, sa_type=BIG)  # ms, of its newest rows
    progress: dict[str, Any] | None = Field(default=None, sa_type=OPTIONAL)  # while it is not complete: line, by whom, reading


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
    options: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)  # the other choices for its files, such as `given` and `words`


class DocumentSource(Audited, table=True):
    """Where documents of one kind come from by themselves: what people set, and how far it has come.

    `version` grows with every committed run: a run that began before another one ended is not committed.
    """

    __tablename__ = "source"
    __table_args__ = NEVER_REUSED
    audited = frozenset(
        ("id", "name", "type", "kind", "settings", "reading", "every", "most_changed", "approved", "paused", "removed", "created_at")
    )
    id: int | None = row_id()
    name: str = Field(max_length=120)
    type: str = Field(max_length=24)
    kind: str = Field(max_length=24)
    settings: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)  # secrets as env:NAME or file:NAME
    reading: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)  # how its documents are read: mapping, given, zone, ...
    every: int = 86_400  # seconds between runs
    most_changed: int = 10  # per cent of the rows that may change or go without a person
    approved: bool = False  # the first document was
    paused: bool = False
    removed: bool = False
    created_at: datetime
    version: int = 0
    cursor: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)
    sha256: str = Field(default="", max_length=64)  # of the document imported last
    asked: bool = True  # a run is due at once, whatever the schedule
    ran_at: int | None = Field(default=None, sa_type=BIG)  # ms
    failing_since: int | None = Field(default=None, sa_type=BIG)  # ms
    problem: str = Field(default="", max_length=300)


class SourceKeys(SQLModel, table=True):
    """The records that a source is known to hold, each as 8 bytes, in order; to tell what is gone."""

    __tablename__ = "source_keys"
    source_id: int = Field(primary_key=True, foreign_key="source.id", sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    keys: bytes = b""
    refused: int = 0


class SourceRun(SQLModel, table=True):
    """One document that a source gave, or why it gave none."""

    __tablename__ = "source_run"
    id: int | None = row_id()
    source_id: int = Field(foreign_key="source.id", index=True, sa_type=BIG)
    at: int = Field(sa_type=BIG)  # ms
    state: RunState = word(RunState)
    file: str = Field(default="", max_length=300)
    sha256: str = Field(default="", max_length=64)
    cursor: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)  # holds once the document is imported
    whole: bool = True  # the document had every row
    more: bool = False  # the source has more at once
    counts: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)  # new, changed, same, refused, gone
    shown: list[Any] = Field(default_factory=list, sa_type=DOCUMENT)  # the first verdicts: outcome, line, record, detail
    notes: list[Any] = Field(default_factory=list, sa_type=DOCUMENT)
    reason: str = Field(default="", max_length=300)  # why it waits or failed
    decided_by: str = Field(default="", max_length=120)
    import_run_id: int | None = Field(default=None, foreign_key="import_run.id", sa_type=BIG)
