"""What else a registry does while something large is written: batches of ingest, and every scheduled job."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from musterroll.ingest.ingest import clock
from musterroll.runtime.jobs import jobs
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.usecases.messages.receive import Arrival, Batch, receive
from sqlalchemy import text

from tests.support.reporting import Reporter, enrol

_SEND = ("send", "provision")  # jobs that need others to answer


class Beside:
    """Runs in threads of its own between `start` and `stop`. `waits`, `batches` and `runs` are seconds; `failures` are sentences."""

    def __init__(self, database: Database, folder: Path, units: int = 200) -> None:
        self._database, self._units, self._stop = database, enrol(database, units, "BESIDE"), threading.Event()
        self._jobs = [job for job in jobs(Settings(data_dir=folder, database_url=database.url), database) if job.name not in _SEND]
        self._threads = [threading.Thread(target=self._repeat, args=(work,)) for work in (self._ingest, self._run_jobs)]
        self._number, self._all_jobs_ran = 0, threading.Event()
        self.waits: list[float] = []  # until a batch of ingest could write
        self.batches: list[float] = []  # until it was committed
        self.runs: dict[str, float] = {}  # the longest of each job
        self.failures: list[str] = []
        self.seen: set[str | None] = set()  # how far the import was when a batch was committed

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Once every job has run."""
        self._all_jobs_ran.wait()
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, work: Callable[[], None]) -> None:
        while not self._stop.wait(0.02):
            try:
                work()
            except Exception as error:
                self.failures.append(f"{work.__name__}: {str(error).splitlines()[0]}")

    def _ingest(self) -> None:
        """One batch: a record and a heartbeat of every unit."""
        self._number += 1
        arrivals = [self._arrival(unit, kind) for unit in self._units for kind in ("record", "heartbeat")]
        began = time.monotonic()
        with self._database.transaction() as session:
            session.connection()
            self.waits.append(time.monotonic() - began)
            receive(session, Batch(arrivals), clock())
            self.seen.add(session.execute(text("SELECT CAST(progress AS text) FROM import_run ORDER BY id DESC LIMIT 1")).scalar())
        self.batches.append(time.monotonic() - began)

    def _arrival(self, unit: Reporter, kind: str) -> Arrival:
        message = unit.record(seq=self._number) if kind == "record" else unit.heartbeat(beat=self._number)
        return unit.arrival(message)

    def _run_jobs(self) -> None:
        for job in self._jobs:
            if self._stop.is_set():
                return
            began = time.monotonic()
            try:
                job.work(clock())
            except Exception as error:
                self.failures.append(f"{job.name}: {str(error).splitlines()[0]}")
            self.runs[job.name] = max(self.runs.get(job.name, 0.0), time.monotonic() - began)
        self._all_jobs_ran.set()
