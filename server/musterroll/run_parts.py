"""A whole reconciliation that several processes share: the one that leads it (`long_work.reconcile`), and workers that help.

Each takes one part at a time. One transaction holds the lock on the part until the results are in it, another reads the records meanwhile.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlmodel import Session

from musterroll import __version__
from musterroll.storage.engine.database import Database, exported
from musterroll.storage.reconciliation import parts as stored_parts
from musterroll.storage.reconciliation.parts import LEASE, Part
from musterroll.usecases.reconciliation import parts
from musterroll.usecases.reconciliation.run import Computed, read_stored

log = logging.getLogger(__name__)
_AWAKE = LEASE / 1000 / 6  # seconds between signs of life on the connection that holds a part
_LONGEST = 300.0  # seconds a part may take; then it is free for others


def compute(database: Database, session: Session, on: date | datetime, now: datetime) -> Computed | None:
    """Compute a whole run together with the workers there are, in a frozen session; to be stored by `run.keep`.

    None where there are none, or it is not worth it.
    """
    sharing = parts.processes(session, on, now)
    if sharing == 1:
        return None
    computed, works = parts.begin(session, on, now, sharing)
    with database.transaction() as announcing:
        run = parts.announce(announcing, exported(session), works)
    try:
        read_stored(computed.columns)
        finish(database, run)
        with database.snapshot() as results:
            return parts.gather(results, run, computed)
    finally:
        with database.transaction() as removing:
            stored_parts.remove(removing, run)


def finish(database: Database, run: str) -> None:
    """Compute parts as long as there are any; in the end wait for those that others compute, and take over what they leave."""
    unfinished = True
    while unfinished:
        while _next(database, partial(stored_parts.next_of, run=run)):
            pass
        _next(database, partial(stored_parts.left_behind, run=run))
        with database.snapshot() as session:
            unfinished = stored_parts.under_way(session, run)


class PartWorker:
    """A worker's part in the runs of others."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._part: Part | None = None
        self._failed: set[int] = set()  # parts that are left to others

    def help(self) -> bool:
        """Compute one part, where one is offered. Whether there was one. One that fails is not tried again."""
        self._part = None
        try:
            return _next(self._database, self._choose)
        except Exception:
            if self._part:
                self._failed.add(self._part.id)
            raise

    def _choose(self, session: Session) -> Part | None:
        self._part = stored_parts.offered(session, __version__, self._failed)
        return self._part


def _next(database: Database, choose: Callable[[Session], Part | None]) -> bool:
    """Compute the part that is chosen and locked, if there is one, and store its results."""
    with database.transaction() as holding:
        part = choose(holding)
        if part is None:
            return False
        began = time.monotonic()
        with _awake(holding), database.frozen(same_as=part.snapshot) as session, TemporaryDirectory() as folder:
            results = parts.compute(session, part.work, Path(folder))
        stored_parts.keep(holding, part, results)
    log.info("part %d of a reconciliation was computed in %.1f s", part.id, time.monotonic() - began)
    return True


@contextmanager
def _awake(holding: Session) -> Iterator[None]:
    """Signs of life from a session that holds a part, which else would be ended; not without end, as a process may hang."""
    done, driver = threading.Event(), _driver(holding)
    thread = threading.Thread(target=_give_signs, args=(driver, done), name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _driver(session: Session) -> Any:
    return session.connection().connection.driver_connection


def _give_signs(driver: Any, done: threading.Event) -> None:
    until = time.monotonic() + _LONGEST
    with suppress(Exception):  # a connection that is lost shows where the results are stored
        while not done.wait(_AWAKE) and time.monotonic() < until:
            driver.execute("SELECT 1")
