"""Door: time. Runs the recurring work (judging silence, keeping a broker's credentials in step) on exactly one leader."""

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

from musterroll.storage.engine.database import Database

log = logging.getLogger(__name__)
_LEADER_LOCK = 6_874_002  # PostgreSQL advisory lock: held on a connection of its own, freed by the server when we die


class Job(NamedTuple):
    """Work to do about every `seconds`. It is handed the time, may run twice, and whether it ran is watched."""

    name: str
    seconds: float
    work: Callable[[datetime], object]


class Every(BaseTrigger):  # type: ignore[misc]  # the library has no types
    """A steady pace counted from the last run: a clock set forward makes no backlog of missed runs."""

    def __init__(self, seconds: float) -> None:
        self._pace = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        return now + self._pace if previous_fire_time else now


class Leadership:
    """Whether this process may do the recurring work. SQLite has one process; PostgreSQL decides by an advisory lock."""

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
    """Starts and watches the jobs. A job that raises is logged and tried again at its next turn."""

    def __init__(self, database: Database, jobs: list[Job]) -> None:
        self._leadership = Leadership(database)
        self._jobs = jobs
        self._progress: dict[str, float] = {}
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
        """Whether every job has had its turn lately (a follower's turn is to find that another leads)."""
        return not self._overdue()

    def watch(self) -> None:
        """Start the scheduler anew where its thread has died or a clock set back has put its jobs to sleep."""
        if self._overdue() and self._scheduler is not None:
            log.error("the scheduler stopped making progress; starting it anew")
            self._scheduler.shutdown(wait=False)
            self.start()

    def _overdue(self) -> bool:
        now = time.monotonic()
        return any(now - self._progress.get(job.name, now) > max(15.0, 10 * job.seconds) for job in self._jobs)

    def _run(self, job: Job) -> None:
        try:
            with self._lock:
                leading = self._leadership.held()
            if leading:
                job.work(datetime.now(UTC))  # noqa: TID251  this is the door that owns the clock
            self._progress[job.name] = time.monotonic()
        except Exception as error:
            log.error("%s failed and will be tried again: %s", job.name, str(error).splitlines()[0] if str(error) else type(error).__name__)
