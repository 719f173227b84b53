"""Long work in short transactions: what the steps of a large import, undo or reconciliation are called by, on the command line, in REST,
on pages and by jobs.

Between two steps others write. SQLite has one writer at a time: those who wait ask again every tenth of a second, so there is a pause,
in which the next rows are read and what was committed is copied into the file.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime

from sqlmodel import Session

from musterroll import run_parts
from musterroll.domain.values.errors import DomainError
from musterroll.domain.values.instants import to_ms
from musterroll.readers.document import Document
from musterroll.storage.engine.database import Database
from musterroll.usecases.imports import history
from musterroll.usecases.imports.importer import Source
from musterroll.usecases.imports.run import UNDER_WAY, ImportResult, ImportSteps, Report
from musterroll.usecases.reconciliation import run as reconciliation_run
from musterroll.usecases.reconciliation.run import Reconciliation
from musterroll.usecases.undo.undo import UndoSteps

Clock = Callable[[], datetime]

_PAUSE = 0.12  # seconds
_HOLD = 0.4  # seconds that a step should take: on SQLite others wait for so long, on PostgreSQL those whose change is audited, too
_FIRST = 1_000  # rows of an import's first steps
_ATTEMPTS = 2  # at a reconciliation that others do not wait for
_FEWEST, _MOST = 500, 10_000  # rows of any


def import_document(
    database: Database,
    document: Document,
    report: Report,
    source: Source,
    sha256: str,
    clock: Clock,
    at_end: Callable[[Session, ImportResult], None] = lambda session, result: None,
) -> ImportResult:
    """Import a document, as `run.import_document`. Where it fails, what is imported already is undone.

    Where the process ends, the import stays in the history as interrupted: importing the same file again goes on with it, and it can be
    undone. `at_end` is done in the transaction of the last step.
    """
    steps = ImportSteps(document, report, source, sha256, _FIRST)
    with database.snapshot() as session:
        steps.prepare(session)
    imported, more = None, True
    try:
        with _pace(database) as pace:
            while more:
                more, imported = pace.step(lambda session: _import_step(session, steps, clock, at_end)), steps.change_id
                steps.rows = pace.rows(steps.rows)
                steps.read_ahead()
    except DomainError as error:
        if imported is not None and error.code != UNDER_WAY:
            undo(database, imported, source.actor, clock, f"the import failed: {error}")
        raise
    return steps.result


def _import_step(session: Session, steps: ImportSteps, clock: Clock, at_end: Callable[[Session, ImportResult], None]) -> bool:
    more = steps.step(session, to_ms(clock()))
    if not more:
        at_end(session, steps.result)
    return more


def undo_import(database: Database, run_id: int, actor: str, clock: Clock, reason: str = "") -> int:
    """Restore every record to its state before an import. Returns the id of the change that did. Raises as `undo`."""
    with database.snapshot() as session:
        change_id = history.run(session, run_id).change_id
    return undo(database, change_id, actor, clock, reason)


def undo(database: Database, change_id: int, actor: str, clock: Clock, reason: str = "") -> int:
    """Undo a change, as `undo.undo`. Returns the id of the undo. One that was interrupted goes on if it is called for again."""
    steps = UndoSteps(change_id, actor, reason)
    with database.snapshot() as session:
        steps.check(session, clock())
    with _pace(database) as pace:
        while pace.step(lambda session: steps.step(session, clock())):
            pass
    return steps.undo_id


def reconcile(database: Database, on: date | datetime, now: datetime) -> Reconciliation:
    """Reconcile the whole fleet and store the differences, in a short transaction: no writer waits while it is computed. Workers help.

    Where records changed meanwhile it is computed again, for so many times; where another run was stored, in the end in one transaction.
    """
    with database.transaction() as session:
        reconciliation_run.prepare(session, now)
    for attempt in range(_ATTEMPTS):
        with database.frozen() as session:
            computed = run_parts.compute(database, session, on, now) or reconciliation_run.compute(session, on, now)
        with database.transaction() as session:
            result = reconciliation_run.keep(session, computed, now, final=attempt == _ATTEMPTS - 1)
        if result is not None:
            return result
    with database.transaction() as session:
        return reconciliation_run.reconcile(session, on, now, store=True)


@contextmanager
def _pace(database: Database) -> Iterator["_Pace"]:
    with database.steps() as begin, ThreadPoolExecutor(1, "settle") as behind:
        yield _Pace(database, begin, behind)


class _Pace:
    """Steps, each in a transaction of its own, with pauses between them where others could not write beside it."""

    def __init__(self, database: Database, begin: Callable[[], AbstractContextManager[Session]], behind: ThreadPoolExecutor) -> None:
        self._database, self._begin, self._behind = database, begin, behind
        self._ended = 0.0
        self._held = _HOLD
        self._settled: Future[None] | None = None

    def step(self, work: Callable[[Session], bool]) -> bool:
        self._let_others_write()
        began = time.monotonic()
        with self._begin() as session:
            more = work(session)
        self._ended = time.monotonic()
        self._held = self._ended - began
        self._settled = self._behind.submit(self._database.settle)
        return more

    def _let_others_write(self) -> None:
        if self._settled:
            self._settled.result()
        if self._database.dialect == "sqlite":
            time.sleep(max(0.0, self._ended + _PAUSE - time.monotonic()))

    def rows(self, rows: int) -> int:
        """How many rows to take at once, after the last step took this many."""
        return max(_FEWEST, min(_MOST, int(rows * min(2.0, _HOLD / self._held))))
