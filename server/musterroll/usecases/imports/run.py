"""Imports a document: a verdict per row, in one transaction. Importing the same file again changes nothing."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from typing import NamedTuple

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from musterroll.domain.values.errors import Conflict, DomainError, NotFound, OpenQuestion
from musterroll.readers.document import Document
from musterroll.readers.fields import BadRow, DocumentRow
from musterroll.storage.engine.bulk import postgres, room
from musterroll.storage.engine.postgres_copy import arrive
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
_DUPLICATE = "duplicate"


class ImportResult(NamedTuple):
    """Rows by outcome, and the import in the history; none for a dry run.

    `created`: of a dry run, the records that would be created because rows name them, with the number of those rows. `duplicates`:
    rows about a record that an earlier row of the file is about.
    """

    counts: dict[Outcome, int]
    run_id: int | None
    created: Mapping[tuple[str, str], int] = {}
    duplicates: int = 0


def import_document(
    session: Session, document: Document, report: Callable[[RowVerdict], None], source: Source, sha256: str | None
) -> ImportResult:
    """Import every row that is new or changed, as one change that can be undone. A rejected row does not stop the others.

    `report` is called with each verdict. `sha256` is stored in the history; None is a dry run: the same verdicts, and nothing is written.
    Memory is bounded by two batches, and by some hundred bytes a row to detect duplicates. Raises BadFile where the rest of the file
    cannot be read, and Conflict where others keep changing the same records.
    """
    if sha256 is None:
        return _run(_Run(session, document, source, None), document, report, None)
    kind = document.kind.name
    change = audit_record.begin(
        session, actor=source.actor, kind="import", subject=f"{document.kind.title.lower()} from {source.file}", now=source.now
    )
    history = ImportRun(change_id=change.id or 0, kind=kind, file=source.file[:300], sha256=sha256, mapping=document.mapping)
    session.add(history)
    session.flush()
    with room(session):
        return _run(_Run(session, document, source, change), document, report, history)


def _run(run: "_Run", document: Document, report: Callable[[RowVerdict], None], history: ImportRun | None) -> ImportResult:
    counts, duplicates = dict.fromkeys(Outcome, 0), 0
    for verdicts in run.batches(document.rows()):
        rows = []
        for verdict, record in verdicts:
            counts[verdict.outcome] += 1
            duplicates += verdict.code == _DUPLICATE
            report(verdict)
            if verdict.outcome is not Outcome.SAME:
                without_detail = verdict.outcome is Outcome.NEW and not verdict.note
                rows.append((verdict.line, verdict.outcome.value, record, "" if without_detail else in_words(verdict, run.kind)[:_DETAIL]))
        if history is not None:
            import_runs.add_rows(run.session, history.id or 0, rows)
    if history is not None:
        run.finish()
        history.counts = {outcome.value: count for outcome, count in counts.items()}
    return ImportResult(counts, history.id if history else None, run.created, duplicates)


class _Run:
    """The import of one document; without a change, a dry run."""

    def __init__(self, session: Session, document: Document, source: Source, change: AuditChange | None) -> None:
        self.session = session
        self._change = change
        self.kind = document.kind
        self._create_missing = source.create_missing
        self.created: Counter[tuple[str, str]] = Counter()
        self._importer = IMPORTERS[document.kind.name](session, source)
        self._importer.scan(document)
        self._manual_edits = ManualEdits(self._importer)
        self._rest: Iterator[DocumentRow | BadRow] = iter(())
        self._ahead: list[DocumentRow | BadRow] = []  # rows read before they are needed
        self._seen: dict[int, int] = {}  # line by hash of the record's key: 64 bits are enough for a billion rows

    def batches(self, rows: Iterator[DocumentRow | BadRow]) -> Iterator[list[tuple[RowVerdict, int | None]]]:
        """Verdicts, each with the row id of the record it made or changed."""
        self._rest = rows
        while batch := self._ahead or self._read():
            self._ahead = []
            yield self._import(batch)

    def _read(self) -> list[DocumentRow | BadRow]:
        return list(islice(self._rest, _BATCH_ROWS))

    def finish(self) -> None:
        if self._change is not None:
            self._seen.clear()  # free its memory first
            self._importer.finish(self._change)

    def _import(self, batch: list[DocumentRow | BadRow]) -> list[tuple[RowVerdict, int | None]]:
        """Import a batch. Where another transaction wrote the same record meanwhile, the batch is tried again."""
        if self._change is None:
            return [(verdict, None) for verdict, _ in self._verdicts(batch)]
        for _ in range(_TRIES):
            try:
                with self._savepoint():
                    verdicts = self._verdicts(batch)
                    writes = [planned for _, planned in verdicts if planned is not None]
                    ids = iter(self._importer.store(writes, self._change) if writes else ())
                    self._ahead = self._ahead or self._read()  # while the database is still writing
                    arrive(self.session)
                return [(verdict, next(ids) if planned else None) for verdict, planned in verdicts]
            except IntegrityError:
                if not postgres(self.session):
                    break
                self._importer.reset()
        raise Conflict("others are changing the same records; nothing was imported, import the file again")

    def _savepoint(self) -> AbstractContextManager[object]:
        """A savepoint on PostgreSQL. SQLite has one writer, and a savepoint there copies every page the batch touches."""
        return self.session.begin_nested() if postgres(self.session) else nullcontext()

    def _verdicts(self, batch: list[DocumentRow | BadRow]) -> list[tuple[RowVerdict, PlannedWrite | None]]:
        rows = [row for row in batch if isinstance(row, DocumentRow)]
        self._importer.follow_merges(rows)
        self._importer.follow_names(rows)
        self._importer.look_up(rows)
        left_out = self._manual_edits.leave_out_of(rows)
        verdicts = [
            self._verdict(row, left_out.get(row.line, "")) if isinstance(row, DocumentRow) else (rejected(*row), None) for row in batch
        ]
        if self._change is None:
            self.created.update(name for _, planned in verdicts if planned for name in self._importer.missing(planned))
        return verdicts

    def _verdict(self, row: DocumentRow, left_out: str) -> tuple[RowVerdict, PlannedWrite | None]:
        try:
            self._reject_duplicate(hash(self._importer.key(row)), row.line)
            known = self._importer.known(row)
            after, note = self._importer.accept(row, known)
            planned = PlannedWrite(row, known, after)
            if not self._create_missing:
                self._reject_missing(planned)
        except OpenQuestion:
            raise
        except DomainError as error:
            return rejected(row.line, row.shown, str(error), error.code), None
        before = known.facts if known else None
        verdict = compared(row.line, row.shown, before, after, f"{note}; {left_out}" if note and left_out else note or left_out)
        if known is None and self._change is None:
            verdict = verdict._replace(written=(after, row.values))
        return verdict, None if verdict.outcome is Outcome.SAME else planned

    def _reject_missing(self, planned: PlannedWrite) -> None:
        for table, name in self._importer.missing(planned):
            if table != "product":
                raise NotFound(
                    f"{table} {name} is not registered; import the {table}s first, or let this import create it", "not_registered"
                )

    def _reject_duplicate(self, key: int, line: int) -> None:
        first = self._seen.setdefault(key, line)
        if first != line:
            raise Conflict(f"duplicate of line {first}: the same record occurs twice in the file", _DUPLICATE)
