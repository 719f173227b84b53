"""Imported documents, their rows, and saved mappings of headings."""

from typing import Any

from sqlmodel import Field, SQLModel

from musterroll.storage.tables.columns import BIG, DOCUMENT, present, row_id


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
    options: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)  # the other choices for its files, such as `given` and `words`
