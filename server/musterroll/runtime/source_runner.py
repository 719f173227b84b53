"""Runs one source: fetch to a file, dry run, import. It owns the lock, the file and the transactions."""

import logging
import os
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from sqlmodel import Session

from musterroll import long_work
from musterroll.domain.imports import RunState
from musterroll.domain.values.errors import Conflict, DomainError, OpenQuestion
from musterroll.readers.document import digest
from musterroll.readers.table import BadFile
from musterroll.runtime import rejected_rows
from musterroll.settings import Settings
from musterroll.sources import Delivery, Request, SourceType, source_type
from musterroll.sources.policy import secret
from musterroll.sources.source import SourceProblem
from musterroll.sources.time_limit import time_limit
from musterroll.storage.engine.database import Database, outage
from musterroll.storage.imports import source_lock
from musterroll.storage.tables.imports import SourceRun
from musterroll.usecases.imports import source_runs
from musterroll.usecases.imports.run import ImportResult
from musterroll.usecases.imports.source_runs import Begun, Fetched, Reviewed

log = logging.getLogger(__name__)
_NEW = ".fetching"  # the file of a run that has not come to its end
_LARGE = 4_000  # rows, beyond which a document is imported in steps
_ONE_IMPORT = threading.Lock()  # sources fetch beside each other, and import one after the other
Clock = Callable[[], datetime]


class _Unreadable(SourceProblem):
    """One of several documents cannot be read, or not without an answer."""

    def __init__(self, delivery: Delivery, why: DomainError) -> None:
        super().__init__(f"{delivery.file} cannot be imported: {why}")
        self.delivery = delivery


class SourceRunner(NamedTuple):
    """Documents are kept in the data directory until they are imported or discarded."""

    database: Database
    settings: Settings
    clock: Clock

    def run(self, source_id: int) -> SourceRun | None:
        """Run a source. None: it had nothing new, or another process runs it. Raises DomainError where it failed, which is noted."""
        with source_lock.held(self.database, source_id, self._folder(source_id).parent) as ours:
            if not ours:
                return None
            try:
                with self.database.snapshot() as session:
                    begun = source_runs.begin(session, source_id)
                return self._run(begun)
            except Conflict:
                raise  # whoever was faster has noted how it went
            except Exception as error:
                if outage(error):
                    raise
                why = str(error) if isinstance(error, DomainError) else f"unexpected {type(error).__name__}; see the log"
                if not isinstance(error, DomainError):
                    log.exception("source %d failed", source_id)
                with self.database.transaction() as session:
                    source_runs.fail(session, source_id, why, self.clock(), error.delivery if isinstance(error, _Unreadable) else None)
                raise DomainError(why) from None

    def _run(self, begun: Begun) -> SourceRun | None:
        spooled = self._kept(begun)
        approved = spooled is not None
        fetched = spooled or self._fetch(begun)
        try:
            with _ONE_IMPORT:
                return self._import(begun, fetched, approved=approved)
        except (BadFile, OpenQuestion) as error:
            if fetched is None or fetched.delivery.passing is None:
                raise
            raise _Unreadable(fetched.delivery, error) from None
        finally:
            if fetched is not None and fetched.file is not None:
                fetched.file.close()

    def _import(self, begun: Begun, fetched: Fetched | None, *, approved: bool) -> SourceRun | None:
        if fetched is None or self._nothing_in(begun, fetched):
            return self._nothing_new(begun, fetched)
        reviewed = None
        if not (approved or (begun.approved and begun.approved.sha256 == fetched.sha256)):
            with self.database.snapshot() as session:
                reviewed = source_runs.review(session, begun, fetched, self.clock())
        if reviewed and fetched.retried and not fetched.delivery.rows and not reviewed.changes:
            return self._nothing_new(begun, fetched)  # what was rejected is rejected again
        counts = reviewed.counts if reviewed else begun.approved.counts if begun.approved else {}
        to_import = reviewed is None or (not reviewed.why_waiting and reviewed.changes)
        if to_import and fetched.file is not None and sum(counts.values()) > _LARGE:
            run = self._import_in_steps(begun, fetched, fetched.file, reviewed)
            self._clear(begun)
            return run
        with self.database.transaction() as session:
            if reviewed is None or (not reviewed.why_waiting and reviewed.changes):
                run = source_runs.commit(session, begun, fetched, reviewed, self.clock())
            elif reviewed.why_waiting:
                run = source_runs.wait(session, begun, fetched, reviewed, self.clock())
            else:
                run = source_runs.unchanged(session, begun, fetched, reviewed, self.clock())
        if run.state is not RunState.WAITING:
            self._clear(begun)
        return run

    def _nothing_new(self, begun: Begun, fetched: Fetched | None) -> None:
        with self.database.transaction() as session:
            source_runs.nothing_new(session, begun, self.clock(), fetched.delivery if fetched else None)

    def _import_in_steps(self, begun: Begun, fetched: Fetched, file: BinaryIO, reviewed: Reviewed | None) -> SourceRun:
        now, runs = self.clock(), list[SourceRun]()
        with self.database.snapshot() as session:
            seen = (reviewed or source_runs.review(session, begun, fetched, now)).seen
            document, source = source_runs.document_of(session, begun.source, fetched, file, now)
        if reviewed is not None:
            with self.database.transaction() as session:
                begun = source_runs.accept(session, begun, fetched, reviewed, now)

        def move_cursor(session: Session, result: ImportResult) -> None:
            runs.append(source_runs.commit_steps(session, begun, fetched, seen, result, document.notes(), self.clock()))

        try:
            long_work.import_document(self.database, document, lambda _: None, source, fetched.sha256, self.clock, move_cursor)
        except DomainError as error:
            if reviewed is not None:
                with self.database.transaction() as session:
                    source_runs.discard(session, begun, str(error))
            raise
        return runs[-1]

    def _nothing_in(self, begun: Begun, fetched: Fetched) -> bool:
        """Whether this is the document imported last, or an empty part of a list that goes on."""
        same = fetched.sha256 == begun.source.sha256 and not fetched.delivery.more and not fetched.retried
        return same or (fetched.file is None and not (fetched.delivery.whole and begun.source.sha256))

    def _kept(self, begun: Begun) -> Fetched | None:
        """The document that a person approved, if it is still here."""
        run = begun.approved
        if run is None:
            return None
        delivery = Delivery(run.file, run.cursor, run.whole, run.more)
        path = self._folder(begun.source.id or 0) / run.sha256
        if not path.exists():
            return None
        return self._fetched(path, run.sha256, delivery)

    def _fetch(self, begun: Begun) -> Fetched | None:
        """Write the next document to a file, whose name is its content's: only a whole one has such a name."""
        source = begun.source
        folder = self._folder(source.id or 0)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        kind = source_type(source.type)
        request = Request(self._with_secrets(kind, source.settings), source.cursor, self.settings, source.kind)
        new = folder / _NEW
        with new.open("w+b") as file:
            with time_limit(self.settings.source_minutes):
                delivery = kind.fetch(request, file)
            only_changes = delivery is not None and delivery.rows is not None and not delivery.whole
            retried = rejected_rows.append_to(file, folder) if only_changes else 0
            file.flush()
            os.fsync(file.fileno())
            sha256 = digest(file)
        if delivery is None:
            new.unlink()
            return None
        path = folder / sha256
        new.replace(path)
        return self._fetched(path, sha256, delivery, retried)

    def _fetched(self, path: Path, sha256: str, delivery: Delivery, retried: int = 0) -> Fetched:
        file = path.open("rb") if path.stat().st_size else None

        def reject(lines: Collection[int]) -> None:
            if file is not None and delivery.cursor:
                rejected_rows.keep(file, path.parent, lines)

        return Fetched(file, sha256, delivery, self.settings.interval, retried, reject)

    def _with_secrets(self, kind: SourceType, settings: dict[str, str]) -> dict[str, str]:
        secrets = {setting.name for setting in kind.settings if setting.secret}
        return {name: secret(name, value, self.settings) if name in secrets else value for name, value in settings.items()}

    def _clear(self, begun: Begun) -> None:
        for path in self._folder(begun.source.id or 0).iterdir():
            if path.name != rejected_rows.NAME:
                with suppress(OSError):
                    path.unlink()

    def _folder(self, source_id: int) -> Path:
        return self.settings.data_dir / "sources" / str(source_id)
