"""What units last reported: written hot, so narrow and without indexes. Instants are ms."""

from typing import TYPE_CHECKING

from musterroll_wire.vitals import VITAL_NAMES
from pydantic import create_model
from sqlalchemy import Index, LargeBinary, SmallInteger, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from musterroll.domain.liveness.outages import GroupKind
from musterroll.storage.tables.columns import BIG, NEVER_REUSED, present, row_id, word

if TYPE_CHECKING:
    _VitalColumns = SQLModel
else:
    _COLUMNS = {name: (int | None, Field(default=None, sa_type=SmallInteger)) for name in VITAL_NAMES}
    _VitalColumns = create_model("_VitalColumns", __base__=SQLModel, **_COLUMNS)


class UnitStatus(_VitalColumns, table=True):
    """The hot row of a unit: what its last heartbeat said. Narrow, integers only, no index on `heard_at` (HOT updates)."""

    __tablename__ = "unit_status"
    __table_args__ = (
        Index(
            "ix_unit_status_stale",
            "unit_id",
            postgresql_where=text("stale_since IS NOT NULL"),
            sqlite_where=text("stale_since IS NOT NULL"),
        ),
        Index(
            "ix_unit_status_listed",
            "unit_id",
            postgresql_where=text("listed_at IS NOT NULL"),
            sqlite_where=text("listed_at IS NOT NULL"),
        ),
        {"postgresql_with": {"fillfactor": "70"}},
    )
    unit_id: int = Field(primary_key=True, foreign_key="unit.id", sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    heard_at: int | None = Field(default=None, sa_type=BIG)  # ms, the registry's clock at receipt
    first_heard_at: int | None = Field(default=None, sa_type=BIG)
    epoch: int = Field(default=0, sa_type=BIG)
    beat: int = Field(default=-1, sa_type=BIG)  # -1: none of this epoch yet
    birth_epoch: int = Field(default=-1, sa_type=BIG)  # of the newest birth; older than `epoch`: a birth is missing
    birth_seq: int = Field(default=0, sa_type=BIG)
    interval: int = 60  # seconds, as the last birth said
    late_after: int = 66  # seconds
    stale_after: int = 186
    death_at: int | None = Field(default=None, sa_type=BIG)
    stale_since: int | None = Field(default=None, sa_type=BIG)
    held_at: int | None = Field(default=None, sa_type=BIG)
    listed_at: int | None = Field(default=None, sa_type=BIG)  # the date of the newest imported list that names it
    unknown_since: int | None = Field(default=None, sa_type=BIG)  # the sweep has recorded that this list is too old
    clock_offset: int | None = Field(default=None, sa_type=BIG)  # seconds the unit's clock is ahead of ours
    uptime: int | None = Field(default=None, sa_type=BIG)
    operating: int | None = Field(default=None, sa_type=BIG)  # lifetime operating seconds
    ring: int = Field(default=0, sa_type=BIG, sa_column_kwargs={"server_default": "0"})  # the hours it was heard in; bit 0: `ring_hour`
    ring_hour: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # hours since 1970
    gap: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # ms: the longest short silence since its day was last kept
    pace: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # ms between two reports: their running median
    usual_after: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # seconds: `stale_after` is not less
    quiet_after: int | None = None  # seconds of silence before which nothing is unusual; none: nothing is known
    quiet_due: int | None = Field(default=None, sa_type=BIG)  # ms: when its silence is to be looked at
    quiet_since: int | None = Field(default=None, sa_type=BIG)


class UnitRhythm(SQLModel, table=True):
    """What was heard of a unit on each of the last days (`domain.liveness.rhythm`): six bytes a day, oldest first."""

    __tablename__ = "unit_rhythm"
    unit_id: int = Field(primary_key=True, foreign_key="unit.id", sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    day: int  # the last of them: days since 1970
    days: bytes = Field(sa_type=LargeBinary)
    usual: int = 0  # seconds: the longest silence that is usual; 0: not known


class Outage(SQLModel, table=True):
    """Units of one group that fell silent together (`domain.liveness.outages`). `units`: all that could have been heard then."""

    __table_args__ = (
        Index("ix_outage_open", "id", postgresql_where=text("closed_at IS NULL"), sqlite_where=text("closed_at IS NULL")),
        NEVER_REUSED,
    )
    id: int | None = row_id()
    kind: GroupKind = word(GroupKind)
    key: str = Field(max_length=256)
    name: str = Field(max_length=256)
    account_id: int | None = Field(default=None, foreign_key="account.id", index=True, sa_type=BIG)
    site_id: int | None = Field(default=None, foreign_key="site.id", index=True, sa_type=BIG)
    since: int = Field(sa_type=BIG)  # ms: the latest last word of its units
    noticed_at: int = Field(sa_type=BIG)  # ms
    silent: int  # units
    units: int
    returned: int = 0
    closed_at: int | None = Field(default=None, sa_type=BIG)  # ms: when the last one of those that returned was heard


class Silence(SQLModel, table=True):
    """One silence of one unit that was quiet, stale or part of an outage; those of no outage are kept for some days."""

    __table_args__ = (
        UniqueConstraint("unit_id", "heard_at"),
        Index("ix_silence_noticed", "noticed_at"),
        present("ix_silence_outage", "outage_id"),
        NEVER_REUSED,
    )
    id: int | None = row_id()
    unit_id: int = Field(foreign_key="unit.id", sa_type=BIG)
    heard_at: int = Field(sa_type=BIG)  # ms: its last word before
    noticed_at: int = Field(sa_type=BIG)  # ms
    outage_id: int | None = Field(default=None, foreign_key="outage.id", sa_type=BIG)
    returned_at: int | None = Field(default=None, sa_type=BIG)  # ms; noted for units of outages only


class IntervalOrder(SQLModel, table=True):
    """A unit that is to be told its new interval when it next reports; gone once it shows the interval or was told often enough."""

    __tablename__ = "interval_order"
    unit_id: int = Field(primary_key=True, foreign_key="unit.id", sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    sent: int = 0  # times


class UnitUsage(SQLModel, table=True):
    """Lifetime usage counters by name, newest value."""

    __tablename__ = "unit_usage"
    unit_id: int = Field(primary_key=True, foreign_key="unit.id", sa_type=BIG)
    name: str = Field(primary_key=True, max_length=80)
    value: float
    at: int = Field(sa_type=BIG)
