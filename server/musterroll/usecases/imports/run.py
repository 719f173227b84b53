"""Imports a document: a verdict per row. Importing the same file again changes nothing."""

import secrets
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from itertools import chain, islice
from typing import NamedTuple

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from musterroll.domain.values.errors import Conflict, DomainError, NotFound, OpenQuestion
from musterroll.domain.values.instants import to_ms
from musterroll.readers.document import Document
from musterroll.readers.fields import BadRow, DocumentRow
from musterroll.storage.audit import changes as audit_changes
from musterroll.storage.engine.behind import arrive
from musterroll.storage.engine.bulk import postgres, room
from musterroll.storage.imports import runs as import_runs
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.imports import ImportRun
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.imports.document_kinds import IMPORTERS
from musterroll.usecases.imports.importer import PlannedWrite, Source
from musterroll.usecases.imports.manual_edits import ManualEdits
from musterroll.usecases.imports.verdicts import Outcome, RowVerdict, compared, in_words, rejected

_BATCH_ROWS = 10_000
_TRIES = 3
_DETAIL = 500
DUPLICATE, _REPEATED = "duplicate", "repeated"
_MARK_BITS = 32
_KEY = (1 << 60) - 1
UNDER_WAY = "under_way"  # the code of a Conflict with another process that imports or undoes the same import

Report = Callable[[RowVerdict], None]
_Judged = tuple[RowVerdict, int | None]  # a verdict, with the row id of the record it made or changed


class ImportResult(NamedTuple):
    """Rows by outcome, and the import in the history; none for a dry run.

    `created`: of a dry run, the records that would be created because rows name them, with the number of those rows. Of rows about
    a record that an earlier row of the file is about, `repeated` have the same values, and `duplicates` are rejected.
    """

    counts: dict[Outcome, int]
    run_id: int | None
    created: Mapping[tuple[str, str], int] = {}
    duplicates: int = 0
    repeated: int = 0


def import_document(session: Session, document: Document, report: Report, source: Source, sha256: str | None) -> ImportResult:
    """Import every row that is new or changed, as one change that can be undone. A rejected row does not stop the others.

    `report` is called with each verdict. `sha256` is stored in the history; None is a dry run: the same verdicts, and nothing is written.
    Memory is bounded by two batches, and by some hundred bytes a row to detect duplicates. Raises BadFile where the rest of the file
    cannot be read, and Conflict where others keep changing the same records.

    All of it is one transaction, which nobody can write beside on SQLite: entry points use `long_work.import_document`.
    """
    steps = ImportSteps(document, report, source, sha256 or "", _BATCH_ROWS)
    steps.prepare(session, anew=True)
    if sha256 is None:
        return steps.preview()
    while steps.step(session, to_ms(source.now)):
        steps.read_ahead()
    return steps.result


class ImportSteps:
    """The import of one document in steps, each a transaction of its own: one change, and one import in the history.

    An import that was interrupted goes on where it was, if the same file is read in the same way.
    """

    def __init__(self, document: Document, report: Report, source: Source, sha256: str, rows: int) -> None:
        self._document, self._report, self._source, self._sha256 = document, report, source, sha256
        self._counts, self._codes = dict.fromkeys(Outcome, 0), Counter[str]()
        self._run_id: int | None = None
        self._line = 0  # up to which the file is imported
        self._mine = ""  # set once the import is in the history
        self.rows = rows  # of the batch that is read next

    @property
    def result(self) -> ImportResult:
        return ImportResult(self._counts, self._run_id, self._run.created, self._codes[DUPLICATE], self._codes[_REPEATED])

    @property
    def change_id(self) -> int | None:
        """The change, once a part of it is committed."""
        return self._change_id if self._mine else None

    def prepare(self, session: Session, anew: bool = False) -> None:
        """Read what must be known before the first row, and the rows of the first step. Takes long; a snapshot is enough."""
        self._run = _Run(session, self._document, self._source)
        history = None if anew else import_runs.unfinished(session, self._document.kind.name, self._sha256, self._document.fingerprint)
        if history is not None:
            self._run_id, self._line = history.id, (history.progress or {})["line"]
            self._counts |= {Outcome(name): count for name, count in history.counts.items()}
            self._run.pass_over(self._line, import_runs.rejected_lines(session, self._run_id or 0))
        self.read_ahead()

    def read_ahead(self) -> None:
        """Read the rows of the next two steps, so that no transaction waits for them."""
        self._run.read_ahead(self.rows)

    def preview(self) -> ImportResult:
        while batch := self._run.take():
            for verdict in self._run.preview(batch):
                self._count(verdict)
            self.read_ahead()
        return self.result

    def _count(self, verdict: RowVerdict) -> None:
        self._counts[verdict.outcome] += 1
        if verdict.code:
            self._codes[verdict.code] += 1
        self._report(verdict)

    def step(self, session: Session, at: int) -> bool:
        """Import the next rows, at an instant (ms). Returns whether there are more.

        Raises Conflict where another process goes on with it.
        """
        self._run.open(session)
        change, history = self._begin(session, at) if self._run_id is None else self._go_on(session)
        with room(session):
            while batch := self._run.take():
                self._record(session, history, self._run.store(batch, change, self.rows))
                if not self._run.at_once:
                    break
                self.read_ahead()
            more = self._run.has_more()
            self._run.finish(change)
        history.counts = {outcome.value: count for outcome, count in self._counts.items()}
        progress = {"line": self._line, "by": self._mine, "reading": self._document.fingerprint}
        history.at, history.progress = at, progress if more else None
        session.flush()
        return more

    def _begin(self, session: Session, at: int) -> tuple[AuditChange, ImportRun]:
        source, kind = self._source, self._document.kind
        subject = f"{kind.title.lower()} from {source.file}"
        change = audit_record.begin(session, actor=source.actor, kind="import", subject=subject, now=source.now)
        history = ImportRun(change_id=change.id or 0, kind=kind.name, file=source.file[:300], sha256=self._sha256, at=at)
        history.mapping = self._document.mapping
        session.add(history)
        session.flush()
        self._run_id, self._change_id, self._mine = history.id, history.change_id, secrets.token_hex(8)
        return change, history

    def _go_on(self, session: Session) -> tuple[AuditChange, ImportRun]:
        history = session.get_one(ImportRun, self._run_id, with_for_update=True)
        progress, undone = history.progress or {}, audit_changes.undone_by(session, history.change_id)
        if undone is not None:
            raise Conflict(f"import {history.id} is being undone", UNDER_WAY)
        if progress.get("line") != self._line or self._mine not in ("", progress["by"]):
            raise Conflict(f"the same file is being imported right now (import {history.id}); wait until it is done", UNDER_WAY)
        self._change_id, self._mine = history.change_id, self._mine or secrets.token_hex(8)
        return session.get_one(AuditChange, history.change_id), history

    def _record(self, session: Session, history: ImportRun, judged: list[_Judged]) -> None:
        rows = []
        for verdict, record in judged:
            self._count(verdict)
            if verdict.outcome is not Outcome.SAME:
                without_detail = verdict.outcome is Outcome.NEW and not verdict.note
                rows.append(
                    (
                        verdict.line,
                        verdict.outcome.value,
                        record,
                        "" if without_detail else in_words(verdict, self._document.kind)[:_DETAIL],
                    )
                )
        import_runs.add_rows(session, history.id or 0, rows)
        self._line = judged[-1][0].line


class _Batch(NamedTuple):
    """Rows, and the marks of their values as they were read, by line."""

    rows: list[DocumentRow | BadRow]
    marks: dict[int, int]


class _Run:
    """The rows of one document: read, judged and stored, batch by batch."""

    def __init__(self, session: Session, document: Document, source: Source) -> None:
        self._create_missing = source.create_missing
        self.created: Counter[tuple[str, str]] = Counter()
        self._importer = IMPORTERS[document.kind.name](session, source)
        self._importer.label = document.label
        self._importer.scan(document)
        self._manual_edits = ManualEdits(self._importer)
        self._rest: Iterator[DocumentRow | BadRow] = document.rows()
        self._ahead: list[_Batch] = []  # batches read before they are needed
        self._marks: dict[int, int] = {}  # of the rows of the batch that is imported
        self._seen: dict[int, int] = {}  # line and mark by hash of the record's key

    @property
    def at_once(self) -> bool:
        """Whether the whole document must be one transaction."""
        return self._importer.at_once

    def open(self, session: Session) -> None:
        """Go on in a session: what was looked up in another one may have changed since."""
        if session is not self._importer.session:
            self._importer.session = session
            self._importer.reset()
            self._manual_edits = ManualEdits(self._importer)

    def pass_over(self, line: int, rejected_lines: Collection[int]) -> None:
        """Pass over rows that are imported already, up to a line; only what their records are is kept."""
        while batch := self._read(_BATCH_ROWS):
            passed = [row for row in batch if row.line <= line]
            rows = [row for row in passed if isinstance(row, DocumentRow) and row.line not in rejected_lines]
            marks = list(map(_mark, rows))
            self._importer.follow_merges(rows)
            self._importer.follow_names(rows)
            self._importer.look_up(rows)
            for row, mark in zip(rows, marks, strict=True):
                with suppress(DomainError):
                    self._seen.setdefault(self._hash(row), row.line << _MARK_BITS | mark)
            if len(passed) < len(batch):
                self._rest = chain(batch[len(passed) :], self._rest)
                return

    def read_ahead(self, rows: int) -> None:
        while len(self._ahead) < 2 and (batch := self._read(rows)):
            self._ahead.append(_Batch(batch, {row.line: _mark(row) for row in batch if isinstance(row, DocumentRow)}))

    def take(self) -> list[DocumentRow | BadRow]:
        rows, self._marks = self._ahead.pop(0) if self._ahead else _Batch([], {})
        return rows

    def has_more(self) -> bool:
        return bool(self._ahead)

    def _read(self, rows: int) -> list[DocumentRow | BadRow]:
        return list(islice(self._rest, rows))

    def finish(self, change: AuditChange) -> None:
        if not self._ahead:
            self._seen.clear()  # free its memory first
        self._importer.finish(change)

    def store(self, batch: list[DocumentRow | BadRow], change: AuditChange, rows: int) -> list[_Judged]:
        """Import a batch, and read `rows` ahead meanwhile. Where another transaction wrote the same record, the batch is tried again."""
        session = self._importer.session
        for _ in range(_TRIES):
            try:
                with self._savepoint():
                    verdicts = self.judge(batch)
                    writes = [planned for _, planned in verdicts if planned is not None]
                    ids = iter(self._importer.store(writes, change) if writes else ())
                    if postgres(session):
                        self.read_ahead(rows)  # while the database is still writing
                    arrive(session)
                return [(verdict, next(ids) if planned else None) for verdict, planned in verdicts]
            except IntegrityError:
                if not postgres(session):
                    break
                self._importer.reset()
        raise Conflict("others are changing the same records; nothing was imported, import the file again")

    def _savepoint(self) -> AbstractContextManager[object]:
        """A savepoint on PostgreSQL. SQLite has one writer, and a savepoint there copies every page the batch touches."""
        session = self._importer.session
        return session.begin_nested() if postgres(session) else nullcontext()

    def preview(self, batch: list[DocumentRow | BadRow]) -> Iterator[RowVerdict]:
        """Verdicts, those on new records with what is written there."""
        for verdict, planned in self.judge(batch):
            if planned:
                self.created.update(self._importer.missing(planned))
            yield verdict._replace(written=(planned.after, planned.row.values)) if planned and planned.known is None else verdict

    def judge(self, batch: list[DocumentRow | BadRow]) -> list[tuple[RowVerdict, PlannedWrite | None]]:
        rows = [row for row in batch if isinstance(row, DocumentRow)]
        self._importer.follow_merges(rows)
        self._importer.follow_names(rows)
        self._importer.look_up(rows)
        left_out = self._manual_edits.leave_out_of(rows)
        return [self._verdict(row, left_out.get(row.line, "")) if isinstance(row, DocumentRow) else (rejected(*row), None) for row in batch]

    def _verdict(self, row: DocumentRow, left_out: str) -> tuple[RowVerdict, PlannedWrite | None]:
        mark = self._marks[row.line]
        try:
            key = self._hash(row)
            if self._repeats(key, row.line, mark):
                return RowVerdict(row.line, row.shown, Outcome.SAME, [], code=_REPEATED), None
            known = self._importer.known(row)
            if row.deleted:
                if known is None:
                    return compared(row.line, row.shown, {}, {}, "deleted in the other system, and not registered"), None
                self._importer.end(row, known)
            after, note = self._importer.accept(row, known)
            planned = PlannedWrite(row, known, after)
            if not self._create_missing:
                self._reject_missing(planned)
        except OpenQuestion:
            raise
        except DomainError as error:
            return rejected(row.line, row.shown, str(error), error.code), None
        self._seen.setdefault(key, row.line << _MARK_BITS | mark)
        before = known.facts if known else None
        verdict = compared(row.line, row.shown, before, after, f"{note}; {left_out}" if note and left_out else note or left_out)
        return verdict, None if verdict.outcome is Outcome.SAME else planned

    def _hash(self, row: DocumentRow) -> int:
        """Of the key of the row's record, in as many bits as an integer has in 32 bytes: enough for a hundred million rows."""
        return hash(self._importer.key(row)) & _KEY

    def _reject_missing(self, planned: PlannedWrite) -> None:
        for table, name in self._importer.missing(planned):
            if table != "product":
                raise NotFound(
                    f"{table} {name} is not registered; import the {table}s first, or let this import create it", "not_registered"
                )

    def _repeats(self, key: int, line: int, mark: int) -> bool:
        """Whether an accepted row of the file says the same of the same record. Raises Conflict where it says something else."""
        seen = self._seen.get(key)
        if seen is None or (first := seen >> _MARK_BITS) == line:
            return False
        if seen & (1 << _MARK_BITS) - 1 != mark:
            raise Conflict(f"lines {first} and {line} are about the same record and differ; keep the right one", DUPLICATE)
        return True


def _mark(row: DocumentRow) -> int:
    """Of all the values of a row as it was read: the same for the same ones."""
    parts = (*row.values, *row.values.values())
    try:
        mark = hash(parts)
    except TypeError:  # a value is a list or the like
        mark = hash(str(parts))
    return mark & (1 << _MARK_BITS) - 1
