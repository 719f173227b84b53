"""The health of the registry itself: the status of its components, and their metrics of the last day."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.imports import interruption, is_interrupted
from musterroll.domain.operations.health import Facts, per_minute
from musterroll.domain.values.instants import to_ms
from musterroll.storage.imports import runs, sources
from musterroll.storage.imports.sources import SourceStatus
from musterroll.storage.liveness import states as liveness_states
from musterroll.storage.notifications import outbox as stored_outbox
from musterroll.storage.operations import checkpoints, database_size
from musterroll.storage.operations.database_size import Measured, Pulsed
from musterroll.storage.reconciliation import cell_counters
from musterroll.usecases.operations import workers

_DAY = timedelta(days=1)
_KEPT = timedelta(days=2)
_POINTS = 96
_COUNTERS = {"messages", "quarantined"}  # that only grow


class HostFacts(NamedTuple):
    """Facts of the host: duration of a small query (ms), disk bytes, and missing settings."""

    answered_in: float
    disk_free: int
    disk_all: int
    embedded_broker: bool
    unset: Sequence[str]  # environment variables that notifications wait for


class HealthReport(NamedTuple):
    """`series` are the figures of the last day by name, oldest first."""

    facts: Facts
    series: dict[str, list[float]]
    processes: list[Pulsed]
    database: Measured
    sources: list[SourceStatus]  # of documents, by name


def examine(session: Session, around: HostFacts, now: datetime) -> HealthReport:
    at, processes, database = to_ms(now), database_size.processes(session), database_size.database(session)
    beats = {process.name: process.at for process in processes}
    jump = checkpoints.mark(session, checkpoints.CLOCK_JUMP)
    backlog, run = stored_outbox.backlog(session), cell_counters.last_run(session)
    readings = checkpoints.readings(session, to_ms(now - _DAY))
    quarantined = readings.get("quarantined", [])
    facts = Facts(
        at,
        {name.removeprefix(database_size.INGEST): beat for name, beat in beats.items() if name.startswith(database_size.INGEST)},
        liveness_states.hearing(session).until,
        beats.get("schedule"),
        run.at if run else None,
        around.embedded_broker,
        database.engine,
        database.size,
        database.revision,
        around.answered_in,
        around.disk_free,
        around.disk_all,
        *backlog,
        int(quarantined[-1][1] - quarantined[0][1]) if quarantined else 0,
        around.unset,
        jump.position,
        jump.at,
        sources.failing(session),
        [interruption(run) for run in runs.incomplete(session) if is_interrupted(run, now)],
        {name.removeprefix(database_size.WORKER): beat for name, beat in beats.items() if name.startswith(database_size.WORKER)},
    )
    series = {name: _thinned(per_minute(rows) if name in _COUNTERS else [value for _, value in rows]) for name, rows in readings.items()}
    return HealthReport(facts, series, processes, database, sources.all_sources(session))


def read(session: Session, now: datetime) -> None:
    """Store the metrics of this minute, and delete those older than two days; forget workers that have been gone for long."""
    database_size.keep(session, to_ms(now))
    workers.forget_lost(session, now)
    checkpoints.forget(session, to_ms(now - _KEPT))


def _thinned(values: list[float]) -> list[float]:
    """At most so many values, each the most of its stretch."""
    step = -(-len(values) // _POINTS)
    return [max(values[n : n + step]) for n in range(0, len(values), step)] if step else []
