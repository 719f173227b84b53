"""The registry itself: its epoch, its processes, how far its jobs got, and its own figures."""

from typing import Any

from sqlmodel import Field, SQLModel

from musterroll.storage.tables.columns import BIG, DOCUMENT


class RegistryState(SQLModel, table=True):
    """One row: the registry itself. `epoch` grows when its database was restored.

    From `since` to `until` (ms) it has provably been listening without a gap; `earlier` is when it was before: [since, until, listened].
    """

    __tablename__ = "registry_state"
    id: int = Field(default=1, primary_key=True)
    epoch: int = 1
    since: int = Field(default=0, sa_type=BIG)
    until: int = Field(default=0, sa_type=BIG)
    earlier: Any = Field(default_factory=list, sa_type=DOCUMENT, sa_column_kwargs={"server_default": "[]"})


class ProcessHeartbeat(SQLModel, table=True):
    """Progress of a process (`ingest:registry`, `schedule`, ...): when it last got something done (ms)."""

    __tablename__ = "process_heartbeat"
    name: str = Field(primary_key=True, max_length=80)
    at: int = Field(sa_type=BIG)
    detail: str = Field(default="", max_length=200)


class ConfigRevision(SQLModel, table=True):
    """A number that grows with every change to something others keep a copy of (`credentials`)."""

    __tablename__ = "config_revision"
    name: str = Field(primary_key=True, max_length=40)
    number: int = Field(default=0, sa_type=BIG)


class JobCheckpoint(SQLModel, table=True):
    """How far recurring work has come."""

    __tablename__ = "job_checkpoint"
    name: str = Field(primary_key=True, max_length=40)
    position: int = Field(default=0, sa_type=BIG)
    at: int = Field(default=0, sa_type=BIG)  # ms
    note: str = Field(default="", max_length=200)


class RegistryMetric(SQLModel, table=True):
    """A figure of the registry itself, minute by minute, for two days."""

    __tablename__ = "registry_metric"
    at: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})  # ms, a whole minute
    name: str = Field(primary_key=True, max_length=40)
    value: float


class CachedFigure(SQLModel, table=True):
    """A figure that is slow to count over a large fleet, as it was counted last."""

    __tablename__ = "figure_cache"
    name: str = Field(primary_key=True, max_length=120)
    at: int = Field(sa_type=BIG)  # ms
    body: Any = Field(sa_type=DOCUMENT)
