"""A process that only helps with whole reconciliations (`musterroll schedule --worker`): it computes parts of the runs that others lead."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from musterroll.domain.values.errors import DomainError
from musterroll.run_parts import PartWorker
from musterroll.storage.engine.database import Database
from musterroll.usecases.operations import workers

log = logging.getLogger(__name__)
_IDLE = 1.0  # seconds between two looks for a part
_PULSE = 5.0  # seconds
_RETRY = 2.0  # seconds after a failure
_LONGEST = 600.0  # seconds a part may take


class Worker:
    """Two threads: one looks for parts and computes them, the other shows that this process is there, also while it computes."""

    def __init__(self, database: Database) -> None:
        if database.dialect != "postgresql":
            raise DomainError("--worker needs PostgreSQL: with SQLite one process does all the work, so start `musterroll schedule` alone")
        self._database = database
        self._name = f"{socket.gethostname()[:50]}-{os.getpid()}"
        self._parts = PartWorker(database)
        self._stop = threading.Event()
        self._looked = time.monotonic()
        self._threads = [threading.Thread(target=work, name=work.__name__, daemon=True) for work in (self._help, self._show)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish the part that is being computed, then end."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        with self._database.transaction() as session:
            workers.leave(session, self._name)

    def progressing(self) -> bool:
        """Whether this process looks for parts, or has computed one not for too long."""
        return time.monotonic() - self._looked < _LONGEST

    def _help(self) -> None:
        while not self._stop.is_set():
            self._looked = time.monotonic()
            helped = self._try(self._parts.help, "a part of a reconciliation was left to other processes")
            if not helped:
                self._stop.wait(_RETRY if helped is None else _IDLE)

    def _show(self) -> None:
        while True:
            self._try(self._record_pulse, "the pulse of this worker could not be stored and will be")
            if self._stop.wait(_PULSE):
                return

    def _record_pulse(self) -> bool:
        with self._database.transaction() as session:
            workers.record_pulse(session, self._name, datetime.now(UTC))  # noqa: TID251  this entry point owns the clock
        return True

    def _try(self, work: Callable[[], bool], failure: str) -> bool | None:
        """What the work returns, None where it failed, which is logged."""
        try:
            return work()
        except Exception as error:
            log.error("%s: %s", failure, str(error).splitlines()[0] if str(error) else type(error).__name__)
            return None
