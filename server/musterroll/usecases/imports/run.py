"""Taking documents into the roll: a verdict per row, one transaction, the same file twice changes nothing."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from typing import NamedTuple

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from musterroll.domain.values.errors import Conflict, DomainError
from musterroll.readers.document import Document
from musterroll.readers.fields import BadRow, Row
from musterroll.storage.engine.bulk import postgres, room
from musterroll.storage.engine.postgres_copy import arrive
from musterroll.storage.imports import runs as import_runs
from musterroll.storage.tables.audit import Change
from musterroll.storage.tables.imports import ImportRun
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.imports.document_kinds import IMPORTERS
from musterroll.usecases.imports.importer import Plan, Source
from musterroll.usecases.imports.manual_edits import Overruling
from musterroll.usecases.imports.verdicts import Outcome, Verdict, in_words, refused, verdict_on

_BATCH = 10_000
_TRIES = 3
_DETAIL = 500


class Imported(NamedTuple):
    """What came of a document. `run_id`: where its history is kept, None of a dry run."""

    counts: dict[Outcome, int]
    run_id: int | None


def import_document(session: Session, document: Document, told: Callable[[Verdict], None], source: Source, sha256: str | None) -> Imported:
    """Judge every row in order and store what is new or changed, as one change that can be undone. A refused row stops nothing.

    `sha256` is kept in the history; without it nothing is written, and every verdict is the one it would be. `told` hears each verdict.
    Memory is bounded by two batches and by some hundred bytes a row, to know a record that stands in the file twice. Raises BadFile
    where the file cannot be read on, and Conflict where others keep changing the same records.
    """
    if sha256 is None:
        return _run(_Run(session, document, source, None), document, told, None)
    kind = document.kind.name
    change = audit_record.begin(
        session, actor=source.actor, kind="import", subject=f"{document.kind.title.lower()} from {source.file}", now=source.now
    )
    history = ImportRun(change_id=change.id or 0, kind=kind, file=source.file[:300], sha256=sha256, mapping=document.mapping)
    session.add(history)
    session.flush()
    with room(session):
        return _run(_Run(session, document, source, change), document, told, history)


def _run(run: "_Run", document: Document, told: Callable[[Verdict], None], history: ImportRun | None) -> Imported:
    counts = dict.fromkeys(Outcome, 0)
    for verdicts in run.batches(document.rows()):
        kept = []
        for verdict, record in verdicts:
            counts[verdict.outcome] += 1
            told(verdict)
            if verdict.outcome is not Outcome.SAME:
                plainly_new = verdict.outcome is Outcome.NEW and not verdict.note
                kept.append((verdict.line, verdict.outcome.value, record, "" if plainly_new else in_words(verdict)[:_DETAIL]))
        if history is not None:
            import_runs.add_rows(run.session, history.id or 0, kept)
    if history is not None:
        run.finish()
        history.counts = {outcome.value: count for outcome, count in counts.items()}
    return Imported(counts, history.id if history else None)


class _Run:
    """One document on its way in; without a change, only looked at."""

    def __init__(self, session: Session, document: Document, source: Source, change: Change | None) -> None:
        self.session = session
        self._change = change
        self._taker = IMPORTERS[document.kind.name](session, source)
        self._taker.survey(document)
        self._overruling = Overruling(self._taker)
        self._rest: Iterator[Row | BadRow] = iter(())
        self._ahead: list[Row | BadRow] = []  # rows read and not judged yet
        self._seen: dict[int, int] = {}  # line by hash of a record's key: 64 bits tell a billion rows apart well enough

    def batches(self, rows: Iterator[Row | BadRow]) -> Iterator[list[tuple[Verdict, int | None]]]:
        """Verdicts with the row id of the record each was stored as."""
        self._rest = rows
        while batch := self._ahead or self._read():
            self._ahead = []
            yield self._take(batch)

    def _read(self) -> list[Row | BadRow]:
        return list(islice(self._rest, _BATCH))

    def finish(self) -> None:
        if self._change is not None:
            self._seen.clear()  # room for what is left to do
            self._taker.finish(self._change)

    def _take(self, batch: list[Row | BadRow]) -> list[tuple[Verdict, int | None]]:
        """Judge a batch and store it. Where another transaction stored the same record meanwhile, the batch is judged anew."""
        if self._change is None:
            return [(verdict, None) for verdict, _ in self._judge(batch)]
        for _ in range(_TRIES):
            try:
                with self._attempt():
                    judged = self._judge(batch)
                    plans = [plan for _, plan in judged if plan is not None]
                    ids = iter(self._taker.store(plans, self._change) if plans else ())
                    self._ahead = self._ahead or self._read()  # while the database is still writing
                    arrive(self.session)
                return [(verdict, next(ids) if plan else None) for verdict, plan in judged]
            except IntegrityError:
                if not postgres(self.session):
                    break
                self._taker.forget()
        raise Conflict("others are changing the same records; nothing was imported, import the file again")

    def _attempt(self) -> AbstractContextManager[object]:
        """A savepoint where others write too. SQLite has one writer, and a savepoint there copies every page the batch touches."""
        return self.session.begin_nested() if postgres(self.session) else nullcontext()

    def _judge(self, batch: list[Row | BadRow]) -> list[tuple[Verdict, Plan | None]]:
        rows = [row for row in batch if isinstance(row, Row)]
        self._taker.follow(rows)
        self._taker.learn(rows)
        left_out = self._overruling.let_stand(rows)
        return [self._verdict(row, left_out.get(row.line, "")) if isinstance(row, Row) else (refused(*row), None) for row in batch]

    def _verdict(self, row: Row, left_out: str) -> tuple[Verdict, Plan | None]:
        try:
            self._refuse_second(hash(self._taker.key(row)), row.line)
            known = self._taker.known(row)
            after, note = self._taker.judge(row, known)
        except DomainError as refusal:
            return refused(row.line, row.shown, str(refusal)), None
        before = known.facts if known else None
        verdict = verdict_on(row.line, row.shown, before, after, f"{note}; {left_out}" if note and left_out else note or left_out)
        return verdict, None if verdict.outcome is Outcome.SAME else Plan(row, known, after)

    def _refuse_second(self, key: int, line: int) -> None:
        first = self._seen.setdefault(key, line)
        if first != line:
            raise Conflict(f"duplicate of line {first}: the same record occurs twice in the file")
