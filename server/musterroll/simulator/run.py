"""A whole simulation: enrols missing units, starts, monitors and stops the workers, and sums their counts."""

import json
import math
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any, NamedTuple

from musterroll.domain.values.errors import DomainError
from musterroll.simulator.counts import Counts, Summary
from musterroll.simulator.credentials import CredentialFile
from musterroll.simulator.enrolment import Enrolled, enrol
from musterroll.simulator.fleet import SimulatedUnit, fleet
from musterroll.simulator.worker import Share

UNITS_PER_PROCESS = 2000
CONNECTS_PER_SECOND = 200
SAVE_EVERY = 200  # enrolments
STOP_WITHIN = 10.0


class Options(NamedTuple):
    """`token` creates a claim token for a number of units; called only if some are not enrolled yet. Times are in seconds."""

    units: int
    interval: int
    registry: str
    token: Callable[[int], str]
    state: Path
    seed: int = 1
    stale_share: float = 0.0
    record_every: float = 3600.0
    duration: float | None = None
    processes: int | None = None


class Callbacks(NamedTuple):
    """Progress callbacks: each enrolment (number done, total), and the summary every second."""

    enrolled: Callable[[int, int], None] = lambda _done, _all: None
    running: Callable[[Summary], None] = lambda _summary: None


def run(options: Options, stop: threading.Event | None = None, callbacks: Callbacks | None = None) -> Summary:
    """Simulate until `stop` is set or the duration is over. Raises DomainError if enrolment fails."""
    stop, callbacks = stop or threading.Event(), callbacks or Callbacks()
    credentials = CredentialFile(options.state, options.registry)
    units = list(fleet(options.seed, options.units))
    counts = Counts()
    counts.totals["units"] = options.units
    _enrol_missing(options, credentials, units, counts, stop, callbacks)
    updates: SimpleQueue[dict[str, Any]] = SimpleQueue()
    workers = [_Worker(share, updates) for share in _shares(options, credentials, units) if share.members]
    began = time.monotonic()

    def summary() -> Summary:
        while not updates.empty():
            counts.add(updates.get())
        return counts.summary(time.monotonic() - began)

    try:
        _run_workers(options, workers, summary, stop, callbacks)
    finally:
        for worker in workers:
            worker.close()
        for worker in workers:
            worker.wait()
    return summary()


def _enrol_missing(
    options: Options, credentials: CredentialFile, units: list[SimulatedUnit], counts: Counts, stop: threading.Event, callbacks: Callbacks
) -> None:
    missing = [unit for unit in units if unit.serial not in credentials.by_serial]
    if not missing:
        return

    def done(unit: Enrolled) -> bool:
        credentials.by_serial[unit.serial] = unit.identity
        counts.totals["enrolled"] += 1
        counts.totals["pending"] += unit.pending
        if counts.totals["enrolled"] % SAVE_EVERY == 0:
            credentials.save()
        callbacks.enrolled(counts.totals["enrolled"], len(missing))
        return not stop.is_set()

    try:
        enrol(options.registry, options.token(len(missing)), missing, done)
    finally:
        credentials.save()


def _shares(options: Options, credentials: CredentialFile, units: list[SimulatedUnit]) -> list[Share]:
    processes = options.processes or math.ceil(options.units / UNITS_PER_PROCESS)
    members = [(place, *credentials.by_serial[unit.serial]) for place, unit in enumerate(units) if unit.serial in credentials.by_serial]
    number = credentials.start_run()
    rates = (options.interval, options.record_every, options.stale_share, CONNECTS_PER_SECOND / processes)
    return [Share(options.seed, number, *rates, members[first::processes]) for first in range(processes)]


def _run_workers(
    options: Options, workers: list["_Worker"], current: Callable[[], Summary], stop: threading.Event, callbacks: Callbacks
) -> None:
    while not stop.wait(1.0):
        summary = current()
        callbacks.running(summary)
        if options.duration is not None and summary.seconds >= options.duration:
            return
        if exited := [worker for worker in workers if worker.exited]:
            raise DomainError(f"a simulator process exited with status {exited[0].process.returncode}; see its output above")


class _Worker:
    """A child process and the thread that reads its counts."""

    def __init__(self, share: Share, updates: "SimpleQueue[dict[str, Any]]") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "musterroll.simulator.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdin
        assert self.process.stdout
        self._input: IO[str] = self.process.stdin
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout, updates), daemon=True)
        self._reader.start()
        self._input.write(json.dumps(share) + "\n")
        self._input.flush()

    @property
    def exited(self) -> bool:
        return self.process.poll() is not None

    def close(self) -> None:
        """Close its input, which tells it to stop."""
        with suppress(BrokenPipeError):
            self._input.close()

    def wait(self) -> None:
        """Wait for it to disconnect cleanly; kill it if it does not."""
        try:
            self.process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self._reader.join(1.0)

    @staticmethod
    def _read(lines: IO[str], updates: "SimpleQueue[dict[str, Any]]") -> None:
        for line in lines:
            updates.put(json.loads(line))
