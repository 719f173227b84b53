"""The entry point driven by time: runs the scheduled jobs on exactly one leader."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from sqlalchemy import text
from sqlalchemy.engine import Connection

from musterroll.runtime.steady_clock import SteadyClock
from musterroll.storage.engine.database import Database

log = logging.getLogger(__name__)
_QUIET = 60.0  # seconds in which no job ends, after which they hang
_LONGEST = 1800.0  # seconds a job may take
_LEADER_LOCK = 6_874_002  # PostgreSQL advisory lock, on its own connection: the server frees it if this process dies


class Job(NamedTuple):
    """Work to do about every `seconds`, given the time. It must be safe to run twice; its progress is monitored.

    After the clock was set it waits a minute, unless it can do no harm at a wrong time.
    """

    name: str
    seconds: float
    work: Callable[[datetime], object]
    at_any_time: bool = False


class Every(BaseTrigger):  # type: ignore[misc]  # the library has no types
    """A fixed interval from the last run, so that setting the clock forward causes no backlog of missed runs."""

    def __init__(self, seconds: float) -> None:
        self._pace = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        return now + self._pace if previous_fire_time else now


class Leadership:
    """Whether this process may run the jobs. With SQLite there is one process; with PostgreSQL an advisory lock decides."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None

    def held(self) -> bool:
        if self._database.dialect != "postgresql":
            return True
        try:
            if self._connection is None:
                self._connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
                return self._ask("SELECT pg_try_advisory_lock(:key)") or self.release()
            return self._ask("SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = :key AND pid = pg_backend_pid()")
        except Exception:
            self.release()
            raise

    def release(self) -> bool:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.invalidate()  # closes the session, and the lock with it
            connection.close()
        return False

    def _ask(self, question: str) -> bool:
        assert self._connection is not None
        return bool(self._connection.execute(text(question), {"key": _LEADER_LOCK}).scalar())


class Schedule:
    """Starts and monitors the jobs. A job that fails is logged and runs again at its next interval."""

    def __init__(self, database: Database, jobs: list[Job], clock: SteadyClock | None = None) -> None:
        self._clock = clock or SteadyClock()
        self._leadership = Leadership(database)
        self._jobs = jobs
        self._progress: dict[str, float] = {}
        self._begun: dict[str, float] = {}  # of the jobs that run now
        self._ended = time.monotonic()  # of any job, by success or failure
        self._scheduler: BackgroundScheduler | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        scheduler = BackgroundScheduler(timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 60})
        for job in self._jobs:
            scheduler.add_job(self._run, Every(job.seconds), args=[job], id=job.name)
            self._progress[job.name] = time.monotonic()
        scheduler.start()
        self._scheduler = scheduler

    def stop(self) -> None:
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=True)
            self._scheduler = None
        self._leadership.release()

    def healthy(self) -> bool:
        """Whether every job has run recently (on a follower: has found that another process leads)."""
        return not self._overdue()

    def progressing(self) -> bool:
        """Whether jobs come to an end, by success or failure, and none hangs."""
        now = time.monotonic()
        return now - self._ended < _QUIET and all(now - begun < _LONGEST for begun in list(self._begun.values()))

    def watch(self) -> None:
        """Restart the scheduler if its thread has died or its jobs stopped because the clock was set back."""
        if self._overdue() and self._scheduler is not None:
            log.error("the scheduler stopped making progress; restarting it")
            self._scheduler.shutdown(wait=False)
            self.start()

    def _overdue(self) -> bool:
        now = time.monotonic()
        return any(now - self._progress.get(job.name, now) > max(15.0, 10 * job.seconds) for job in self._jobs)

    def _run(self, job: Job) -> None:
        self._begun[job.name] = time.monotonic()
        try:
            with self._lock:
                leading = self._leadership.held()
            steady = self._clock.steady()
            if leading and (steady or job.at_any_time):
                job.work(datetime.now(UTC))  # noqa: TID251  this entry point owns the clock
            self._progress[job.name] = time.monotonic()
        except Exception as error:
            log.error("job %s failed and will be retried: %s", job.name, str(error).splitlines()[0] if str(error) else type(error).__name__)
        finally:
            self._ended = time.monotonic()
            self._begun.pop(job.name, None)
