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
from musterroll.simulator.credentials import Identities
from musterroll.simulator.enrolment import Enrolled, enrol
from musterroll.simulator.fleet import SimulatedUnit, fleet
from musterroll.simulator.worker import Share

UNITS_A_PROCESS = 2000
CONNECTS_A_SECOND = 200
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


class Watching(NamedTuple):
    """Progress callbacks: each enrolment (number done, total), and the summary every second."""

    enrolled: Callable[[int, int], None] = lambda _done, _all: None
    running: Callable[[Summary], None] = lambda _summary: None


def run(options: Options, stop: threading.Event | None = None, watching: Watching | None = None) -> Summary:
    """Simulate until `stop` is set or the duration is over. Raises DomainError if enrolment fails."""
    stop, watching = stop or threading.Event(), watching or Watching()
    identities = Identities(options.state, options.registry)
    units = list(fleet(options.seed, options.units))
    counts = Counts()
    counts.of["units"] = options.units
    _enrol_missing(options, identities, units, counts, stop, watching)
    news: SimpleQueue[dict[str, Any]] = SimpleQueue()
    workers = [_Worker(share, news) for share in _shares(options, identities, units) if share.members]
    began = time.monotonic()

    def so_far() -> Summary:
        while not news.empty():
            counts.add(news.get())
        return counts.summary(time.monotonic() - began)

    try:
        _watch(options, workers, so_far, stop, watching)
    finally:
        for worker in workers:
            worker.close()
        for worker in workers:
            worker.wait()
    return so_far()


def _enrol_missing(
    options: Options, identities: Identities, units: list[SimulatedUnit], counts: Counts, stop: threading.Event, watching: Watching
) -> None:
    missing = [unit for unit in units if unit.serial not in identities.of]
    if not missing:
        return

    def done(found: Enrolled) -> bool:
        identities.of[found.serial] = found.identity
        counts.of["enrolled"] += 1
        counts.of["pending"] += found.pending
        if counts.of["enrolled"] % SAVE_EVERY == 0:
            identities.save()
        watching.enrolled(counts.of["enrolled"], len(missing))
        return not stop.is_set()

    try:
        enrol(options.registry, options.token(len(missing)), missing, done)
    finally:
        identities.save()


def _shares(options: Options, identities: Identities, units: list[SimulatedUnit]) -> list[Share]:
    processes = options.processes or math.ceil(options.units / UNITS_A_PROCESS)
    members = [(place, *identities.of[unit.serial]) for place, unit in enumerate(units) if unit.serial in identities.of]
    number = identities.start_run()
    pace = (options.interval, options.record_every, options.stale_share, CONNECTS_A_SECOND / processes)
    return [Share(options.seed, number, *pace, members[first::processes]) for first in range(processes)]


def _watch(options: Options, workers: list["_Worker"], so_far: Callable[[], Summary], stop: threading.Event, watching: Watching) -> None:
    while not stop.wait(1.0):
        summary = so_far()
        watching.running(summary)
        if options.duration is not None and summary.seconds >= options.duration:
            return
        if dead := [worker for worker in workers if worker.dead]:
            raise DomainError(f"a simulator process exited with status {dead[0].process.returncode}; see its output above")


class _Worker:
    """A child process and the thread that reads its counts."""

    def __init__(self, share: Share, news: "SimpleQueue[dict[str, Any]]") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "musterroll.simulator.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdin
        assert self.process.stdout
        self._input: IO[str] = self.process.stdin
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout, news), daemon=True)
        self._reader.start()
        self._input.write(json.dumps(share) + "\n")
        self._input.flush()

    @property
    def dead(self) -> bool:
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
    def _read(lines: IO[str], news: "SimpleQueue[dict[str, Any]]") -> None:
        for line in lines:
            news.put(json.loads(line))
