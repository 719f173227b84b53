"""One run of a source, step by step; each step is a use case in a transaction of its own.

What a run brings is imported together with the cursor it leaves, so that a run that dies leaves both or neither. A large document is
imported in steps, of which the last moves the cursor: until then the next run goes on with the same document. The version of the source
keeps two runs from bringing the same.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from hashlib import blake2b
from typing import Any, BinaryIO, NamedTuple

from sqlmodel import Session

from musterroll.domain.imports import Compared, RunState, why_it_waits
from musterroll.domain.notifications.events import EventKind
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.readers.document import Document
from musterroll.sources import Delivery
from musterroll.storage.imports import sources as stored
from musterroll.storage.notifications import events as stored_events
from musterroll.storage.notifications.events import NewEvent
from musterroll.storage.tables.imports import DocumentSource, SourceRun
from musterroll.usecases.imports.document_kinds import KINDS
from musterroll.usecases.imports.importer import Source
from musterroll.usecases.imports.run import DUPLICATE, ImportResult, import_document
from musterroll.usecases.imports.sources import reading_choices
from musterroll.usecases.imports.verdicts import Outcome, RowVerdict, in_words, values_of

_SHOWN = 20  # verdicts of each outcome that a person sees
_KEY = 8  # bytes


class Begun(NamedTuple):
    """A source as a run found it."""

    source: DocumentSource
    version: int
    approved: SourceRun | None  # a document that a person approved


class Fetched(NamedTuple):
    """What a run brought: a file (None where the source has no rows at all), and where it came from.

    `retried`: its last rows, which were rejected before. `reject` is told the lines that are rejected now, before the cursor moves.
    """

    file: BinaryIO | None
    sha256: str
    delivery: Delivery
    interval: int
    retried: int = 0
    reject: Callable[[Collection[int]], None] = lambda lines: None

    def notes(self) -> list[str]:
        return [f"rows rejected before that were tried again: {self.retried:,}"] if self.retried else []


class Reviewed(NamedTuple):
    """A dry run of what was fetched."""

    counts: dict[str, int]  # by outcome, and gone
    seen: "_Seen"
    notes: list[str]
    why_waiting: str  # empty: within the limits

    @property
    def changes(self) -> bool:
        return self.counts[Outcome.NEW] + self.counts[Outcome.CHANGED] > 0


def begin(session: Session, source_id: int) -> Begun:
    """Raises NotFound, and Conflict where a document waits for a person already."""
    source = stored.source(session, source_id)
    if source is None or source.removed:
        raise NotFound(f"there is no source {source_id}")
    if stored.open_run(session, source_id, RunState.WAITING):
        raise Conflict(f"a document of {source.name} waits for approval; approve or discard it first")
    return Begun(source, source.version, stored.open_run(session, source_id, RunState.APPROVED))


def review(session: Session, begun: Begun, fetched: Fetched, now: datetime) -> Reviewed:
    """What importing the document would do, and whether a person must decide. Nothing is written."""
    seen = _Seen(begun.source.kind)
    counts, notes, _ = _import(session, begun.source, fetched, seen, now, commit=False)
    known = stored.keys(session, begun.source.id or 0)
    before = _unpacked(known.keys)
    gone = len(before - seen.keys) if fetched.delivery.whole else len(before & seen.deleted)
    compared = Compared(counts, len(before), gone, known.refused)
    why = why_it_waits(compared, not begun.source.approved, begun.source.most_changed)
    if begun.approved is not None:
        why = "the source gives another document than the one that was approved"
    return Reviewed({**counts, "gone": gone}, seen, notes, why)


def wait(session: Session, begun: Begun, fetched: Fetched, reviewed: Reviewed, now: datetime) -> SourceRun:
    """Keep a document for a person to decide about."""
    source = _source(session, begun)
    if begun.approved is not None:
        approved = session.merge(begun.approved)
        approved.state, approved.reason = RunState.DISCARDED, "the source has changed since it was approved"
    run = _run(source, fetched, reviewed, now)
    run.state, run.reason = RunState.WAITING, reviewed.why_waiting[:300]
    session.add(run)
    session.flush()
    _went_well(source, now, asked=False)
    rows = sum(count for name, count in reviewed.counts.items() if name != "gone")
    detail = f"{source.name}: {rows:,} rows; {run.reason}"
    stored_events.record(session, [NewEvent(EventKind.SOURCE_WAITING, to_ms(now), f"source-run:{run.id}", units=rows, detail=detail)])
    return run


def commit(session: Session, begun: Begun, fetched: Fetched, reviewed: Reviewed | None, now: datetime) -> SourceRun:
    """Import the document and move the cursor, in one transaction. `reviewed`: None where a person approved the document.

    Raises Conflict where another run was committed meanwhile.
    """
    source, seen = _source(session, begun), _Seen(begun.source.kind)
    run = session.merge(begun.approved) if begun.approved and reviewed is None else _run(source, fetched, reviewed, now)
    counts, run.notes, run.import_run_id = _import(session, source, fetched, seen, now, commit=True)
    return _imported(session, source, run, fetched, seen, counts, now)


def accept(session: Session, begun: Begun, fetched: Fetched, reviewed: Reviewed, now: datetime) -> Begun:
    """Note that a document is imported next, in steps: until the last one the next run goes on with it. Raises Conflict as `commit`."""
    source = _source(session, begun)
    run = _run(source, fetched, reviewed, now)
    run.state = RunState.APPROVED
    session.add(run)
    session.flush()
    return Begun(source, source.version, run)


def commit_steps(
    session: Session, begun: Begun, fetched: Fetched, seen: "_Seen", result: ImportResult, notes: list[str], now: datetime
) -> SourceRun:
    """Move the cursor in the last step of the import of an approved document. Raises Conflict as `commit`."""
    source, run = _source(session, begun), session.merge(begun.approved)
    assert run is not None
    run.notes, run.import_run_id = [*notes, *fetched.notes()], result.run_id
    return _imported(session, source, run, fetched, seen, _counts(result), now)


def discard(session: Session, begun: Begun, why: str) -> None:
    """The import of a document that no person approved failed: the next run fetches anew."""
    run = session.merge(begun.approved)
    assert run is not None
    run.state, run.reason = RunState.DISCARDED, why[:300]


def _imported(
    session: Session, source: DocumentSource, run: SourceRun, fetched: Fetched, seen: "_Seen", counts: dict[str, int], now: datetime
) -> SourceRun:
    run.state, run.at, run.reason = RunState.IMPORTED, to_ms(now), ""  # it waits no longer
    run.shown = []  # the verdicts are in the history of imports
    run.counts = {**counts, "gone": run.counts.get("gone", 0)}
    session.add(run)
    _remember(session, source, fetched, seen, counts)
    _went_well(source, now, asked=run.more)
    return run


def unchanged(session: Session, begun: Begun, fetched: Fetched, reviewed: Reviewed, now: datetime) -> SourceRun:
    """The document changes nothing: only the cursor moves."""
    source = _source(session, begun)
    run = _run(source, fetched, reviewed, now)
    run.state = RunState.UNCHANGED
    session.add(run)
    _remember(session, source, fetched, reviewed.seen, reviewed.counts)
    _went_well(source, now, asked=run.more)
    return run


def nothing_new(session: Session, begun: Begun, now: datetime, delivery: Delivery | None = None) -> None:
    """The source had nothing that is not imported already."""
    source = _source(session, begun)
    if delivery is not None:
        source.cursor = dict(delivery.cursor)
    _went_well(source, now, asked=delivery is not None and delivery.more)


def fail(session: Session, source_id: int, why: str, now: datetime, unreadable: Delivery | None = None) -> SourceRun | None:
    """Note that a run failed: once as an event, and in the history where the reason is a new one. What is known stays as it was.

    After an unreadable document the next run brings the others first, at once where there are some.
    """
    source = stored.source(session, source_id)
    if source is None or source.removed:
        return None
    run = None
    if source.problem != why[:300]:
        file = unreadable.file[:300] if unreadable else ""
        run = SourceRun(source_id=source_id, at=to_ms(now), state=RunState.FAILED, file=file, reason=why[:300])
        session.add(run)
    if source.failing_since is None:
        source.failing_since = to_ms(now)
        key = f"source:{source_id}:{source.failing_since}"
        detail = f"{source.name}: {why}"
        stored_events.record(session, [NewEvent(EventKind.SOURCE_FAILING, to_ms(now), key, units=0, detail=detail)])
    passing = dict(unreadable.passing or {}) if unreadable else source.cursor
    asked = unreadable is not None and unreadable.more and passing != source.cursor
    source.cursor, source.problem, source.ran_at, source.asked = passing, why[:300], to_ms(now), asked
    return run


class _Seen:
    """What is kept of the verdicts: the first of each outcome, and which records there are."""

    def __init__(self, kind: str) -> None:
        self._kind = KINDS[kind]
        self.keys: set[bytes] = set()
        self.deleted: set[bytes] = set()  # records that the source has deleted, and that stay as they are
        self.rejected: list[int] = []  # lines, without those that a newer row of the same record replaces
        self._shown: dict[Outcome, list[list[Any]]] = {Outcome.REFUSED: [], Outcome.CHANGED: [], Outcome.NEW: []}

    def add(self, verdict: RowVerdict) -> None:
        if verdict.record:
            self.keys.add(_key(verdict.record))
        if verdict.outcome is Outcome.REFUSED and verdict.code != DUPLICATE:
            self.rejected.append(verdict.line)
        if len(rows := self._shown.get(verdict.outcome, [[]] * _SHOWN)) < _SHOWN:
            values = ", ".join(f"{name} {value}" for name, value in values_of(verdict, self._kind).items())
            detail = in_words(verdict, self._kind) or (values if verdict.outcome is Outcome.NEW else "")
            rows.append([verdict.outcome.value, verdict.line, verdict.record[:120], detail[:300]])

    def shown(self) -> list[list[Any]]:
        return [row for rows in self._shown.values() for row in rows]


def _import(
    session: Session, source: DocumentSource, fetched: Fetched, seen: _Seen, now: datetime, *, commit: bool
) -> tuple[dict[str, int], list[str], int | None]:
    """Rows by outcome, notes, and the import in the history."""
    if fetched.file is None:
        return dict.fromkeys(map(str, Outcome), 0), ["the source has no rows"], None
    document, asked = document_of(session, source, fetched, fetched.file, now)
    result = import_document(session, document, seen.add, asked, fetched.sha256 if commit else None)
    seen.deleted = set(map(_key, document.deleted))
    return _counts(result), [*document.notes(), *fetched.notes()], result.run_id


def document_of(session: Session, source: DocumentSource, fetched: Fetched, file: BinaryIO, now: datetime) -> tuple[Document, Source]:
    """What was fetched, read as the source says, and in whose name it is imported."""
    document = Document(file, KINDS[source.kind], reading_choices(session, source.kind, source.reading))
    return document, Source(f"{source.name}: {fetched.delivery.file}"[:300], f"source {source.name}"[:120], now, fetched.interval)


def _counts(result: ImportResult) -> dict[str, int]:
    return {outcome.value: count for outcome, count in result.counts.items()}


def _source(session: Session, begun: Begun) -> DocumentSource:
    """The source, for this run alone to change. Raises Conflict where another run was committed since this one began."""
    source_id = begun.source.id or 0
    if not stored.take_turn(session, source_id, begun.version):
        raise Conflict(f"{begun.source.name} was run or changed meanwhile; this run is dropped")
    source = session.get_one(DocumentSource, source_id)
    session.refresh(source)
    return source


def _run(source: DocumentSource, fetched: Fetched, reviewed: Reviewed | None, now: datetime) -> SourceRun:
    delivery = fetched.delivery
    run = SourceRun(source_id=source.id or 0, at=to_ms(now), state=RunState.WAITING, file=delivery.file[:300], sha256=fetched.sha256)
    run.cursor, run.whole, run.more = dict(delivery.cursor), delivery.whole, delivery.more
    if reviewed is not None:
        run.counts, run.shown, run.notes = dict(reviewed.counts), reviewed.seen.shown(), list(reviewed.notes)
    return run


def _remember(session: Session, source: DocumentSource, fetched: Fetched, seen: _Seen, counts: dict[str, int]) -> None:
    known = stored.keys(session, source.id or 0)
    keys = seen.keys if fetched.delivery.whole else seen.keys | (_unpacked(known.keys) - seen.deleted)
    stored.put_keys(session, source.id or 0, b"".join(sorted(keys)), counts[Outcome.REFUSED])
    source.cursor, source.sha256 = dict(fetched.delivery.cursor), fetched.sha256
    fetched.reject(seen.rejected)


def _went_well(source: DocumentSource, now: datetime, *, asked: bool) -> None:
    source.ran_at, source.asked, source.problem, source.failing_since = to_ms(now), asked, "", None


def _key(record: str) -> bytes:
    return blake2b(record.encode(), digest_size=_KEY).digest()


def _unpacked(packed: bytes) -> set[bytes]:
    return {packed[at : at + _KEY] for at in range(0, len(packed), _KEY)}
