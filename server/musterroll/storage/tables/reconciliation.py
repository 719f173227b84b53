"""Tables of reconciliation: the last state of every unit, its counts, and the queue."""

from datetime import date
from typing import Any

from sqlalchemy import JSON, Index, LargeBinary, SmallInteger, text
from sqlmodel import Field, SQLModel

from musterroll.storage.tables.columns import BIG, NEVER_REUSED, row_id


class UnitReconciliation(SQLModel, table=True):
    """The state of one unit in the last run. `cell` is 4 x contracted + 2 x deployed + operating."""

    __tablename__ = "unit_reconciliation"
    __table_args__ = (
        Index("ix_unit_reconciliation_line", "line_id", postgresql_where=text("line_id > 0"), sqlite_where=text("line_id > 0")),
    )
    unit_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    account_id: int = Field(default=0, sa_type=BIG)  # 0: none
    site_id: int = Field(default=0, sa_type=BIG)
    product_id: int = Field(sa_type=BIG)
    cell: int = Field(sa_type=SmallInteger)
    line_id: int = Field(default=0, sa_type=BIG)  # a line whose seat it has; 0: none


class CellCount(SQLModel, table=True):
    """Units by quadrant: of all (`all`, 0), of each account, of each product."""

    __tablename__ = "cell_count"
    axis: str = Field(primary_key=True, max_length=8)
    of_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    cell: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    units: int


class ReconcileQueue(SQLModel, table=True):
    """A unit to be reconciled again; NULL: records changed, so any unit may be affected. Rows may repeat."""

    __tablename__ = "reconcile_queue"
    id: int | None = row_id()
    unit_id: int | None = Field(default=None, index=True, sa_type=BIG)


class RunPart(SQLModel, table=True):
    """A part of a whole run that several processes share, and what was computed of it, as Parquet; null: not yet.

    `snapshot` is the PostgreSQL snapshot that all parts are read in, `version` that of the program: others compute by other rules.
    """

    __tablename__ = "run_part"
    __table_args__ = NEVER_REUSED
    id: int | None = row_id()
    run: str = Field(max_length=16)
    version: str = Field(max_length=40)
    snapshot: str = Field(max_length=80)
    work: Any = Field(sa_type=JSON)
    cells: bytes | None = Field(default=None, sa_type=LargeBinary)
    findings: bytes | None = Field(default=None, sa_type=LargeBinary)
    further: bytes | None = Field(default=None, sa_type=LargeBinary)


class DayTotal(SQLModel, table=True):
    """The units of a stored day by quadrant, as known when it ended.

    `key` of axis `all`: empty; of `product`: id; of `segment`: name; of `firmware`: the version, as far as it is short enough.
    """

    __tablename__ = "day_total"
    axis: str = Field(primary_key=True, max_length=8)
    key: str = Field(primary_key=True, max_length=80)
    on: date = Field(primary_key=True)
    cell: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    units: int


class CellHistory(SQLModel, table=True):
    """Units in a quadrant on the stored days from `since` to before `until`, as they were known when each day ended.

    `since` 0001-01-01: from the first stored day on; `until` 9999-12-31: to the last one.
    """

    __tablename__ = "cell_history"
    __table_args__ = (Index("ix_cell_history_site", "site_id", "until"), Index("ix_cell_history_firmware", "firmware"))
    account_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})  # 0: none
    product_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    site_id: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})  # 0: none; -1: not stored, nor firmware
    firmware: str = Field(primary_key=True, max_length=256)
    cell: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    since: date = Field(primary_key=True)
    until: date = Field(index=True)
    units: int
