"""Sources that documents come from by themselves: setting them up, and what people decide about their documents."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlmodel import Session

from musterroll.domain.enrolment.claim_rules import text
from musterroll.domain.imports import RunState
from musterroll.domain.values.errors import Conflict, DomainError, NotFound
from musterroll.domain.values.instants import from_ms
from musterroll.readers.columns import Choices
from musterroll.readers.columns import choices as chosen
from musterroll.readers.layout import layout
from musterroll.sources import SourceSettings, SourceType, source_type
from musterroll.sources.policy import check_secret
from musterroll.storage.imports import sources as stored
from musterroll.storage.imports.sources import SourceStatus
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.imports import DocumentSource, SourceRun
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.imports import mappings
from musterroll.usecases.imports.document_kinds import KINDS

_TABLE = "source"
_LONGEST = 4_000
SHORTEST, LONGEST = 60, 31 * 86_400  # seconds between runs
LISTS = ("columns", "given", "words")
WORDS = ("mapping", "dates", "numbers", "zone", "currency", "sheet", "encoding", "separator", "heading_row", "skip", "ends")


class Wanted(NamedTuple):
    """A source as people describe it. `reading`: by LISTS and WORDS, how its documents are read, as on the command line."""

    name: str
    type: str
    kind: str
    settings: Mapping[str, str]
    reading: Mapping[str, Any] = {}
    every: int = 86_400
    most_changed: int = 10


def put(session: Session, wanted: Wanted, policy: SourceSettings, actor: str, now: datetime) -> DocumentSource:
    """Add a source, or change the one of this name. Raises DomainError for what is wrong with it."""
    name = _name(wanted)
    known = stored.named(session, name)
    if known is not None:
        return change(session, known, wanted, policy, actor, now)
    facts = _facts(session, wanted, policy)
    added = audit_record.begin(session, actor=actor, kind="source", subject=f"source {name}", now=now)
    source = DocumentSource(created_at=now, **facts)
    session.add(source)
    session.flush()
    audit_record.added(session, added, _TABLE, [source.id or 0])
    return source


def change(session: Session, source: DocumentSource, wanted: Wanted, policy: SourceSettings, actor: str, now: datetime) -> DocumentSource:
    """Change a source. Where it fetches or reads something else, its next document waits for a person.

    Raises DomainError for what is wrong, and Conflict where the new name is another's.
    """
    other = stored.named(session, _name(wanted))
    if other is not None and other.id != source.id:
        raise Conflict(f"another source has the name {other.name}; choose one that is not in use")
    facts = _facts(session, wanted, policy)
    by = audit_record.begin(session, actor=actor, kind="source", subject=f"source {source.name}", now=now)
    with audit_record.watching(session, by, _TABLE, [source.id or 0]):
        if any(getattr(source, key) != facts[key] for key in stored.FETCHING):
            stored.start_over(session, source)
            source.approved = False
        for key, value in facts.items():
            setattr(source, key, value)
    return source


def _name(wanted: Wanted) -> str:
    name = text("name of the source", wanted.name, 120)
    if not name:
        raise DomainError("a source needs a name", "bad_choice")
    return name


def _facts(session: Session, wanted: Wanted, policy: SourceSettings) -> dict[str, Any]:
    kind_of_source = source_type(wanted.type)
    if wanted.kind not in KINDS or (kind_of_source.kinds and wanted.kind not in kind_of_source.kinds):
        raise DomainError(f"choose the file type among {', '.join(kind_of_source.kinds or KINDS)}", "bad_choice")
    if not SHORTEST <= wanted.every <= LONGEST:
        raise DomainError("a source runs every minute to every 31 days", "bad_number")
    if not 0 <= wanted.most_changed <= 100:
        raise DomainError("the limit of changed or missing rows is 0 to 100 per cent", "bad_number")
    settings = _settings(kind_of_source, wanted.settings)
    kind_of_source.check(settings, policy)
    reading = {name: _written(value) for name, value in wanted.reading.items() if _written(value)}
    reading_choices(session, wanted.kind, reading)
    facts = {"name": _name(wanted), "type": wanted.type, "kind": wanted.kind, "settings": settings, "reading": reading}
    return {**facts, "every": wanted.every, "most_changed": wanted.most_changed}


def _written(value: Any) -> Any:
    """Lists as the database gives them back, without empty entries."""
    return [entry for entry in value if entry] if isinstance(value, list | tuple) else value


def _settings(kind_of_source: SourceType, written: Mapping[str, str]) -> dict[str, str]:
    known = {setting.name: setting for setting in kind_of_source.settings}
    for name in written:
        if name not in known:
            raise DomainError(
                f"a source of type {kind_of_source.name} has no setting {name[:40]!r}; it has {', '.join(known)}", "bad_choice"
            )
    settings = {name: value.strip() for name, value in written.items() if value.strip()}
    for setting in known.values():
        if setting.required and setting.name not in settings:
            raise DomainError(f"enter the setting {setting.name} ({setting.label})", "bad_choice")
        if setting.secret and setting.name in settings:
            check_secret(setting.name, settings[setting.name])
        if len(settings.get(setting.name, "")) > _LONGEST:
            raise DomainError(f"the setting {setting.name} is too long; the limit is {_LONGEST:,} characters", "bad_choice")
    return settings


def reading_choices(session: Session, kind: str, reading: Mapping[str, Any]) -> Choices:
    """How the documents of a source are read. Raises DomainError."""
    columns, given, words = (tuple(reading.get(name, ())) for name in LISTS)
    mapping, dates, numbers, zone, currency, *laid_out, ends = (str(reading.get(name, "")) for name in WORDS)
    given += (f"currency={currency}",) if currency else ()
    saved = mappings.choices(session, kind, mapping)
    accept = bool(reading.get("accept_guesses"))
    ways: dict[str, Any] = {"numbers": numbers, "ends": ends, "accept_guesses": accept}
    return chosen(columns, saved, dates, zone, layout(*laid_out), given=given, words=words, **ways)


def named(session: Session, name: str) -> DocumentSource:
    """Raises NotFound, naming those there are."""
    source = stored.named(session, name)
    if source is None:
        known = ", ".join(status.source.name for status in stored.all_sources(session)[:12]) or "none yet"
        raise NotFound(f"there is no source {name[:120]!r}; available: {known}")
    return source


def numbered(session: Session, source_id: int) -> DocumentSource:
    """Raises NotFound."""
    source = stored.source(session, source_id)
    if source is None or source.removed:
        raise NotFound(f"there is no source {source_id}")
    return source


class SourceState(StrEnum):
    """How a source is, in a word."""

    WAITING = "waiting"  # for approval
    APPROVED = "approved"
    FAILING = "failing"
    PAUSED = "paused"
    DUE = "due"
    OK = "OK"


def state(row: SourceStatus) -> SourceState:
    source, run = row
    if run is not None:
        return SourceState.WAITING if run.state is RunState.WAITING else SourceState.APPROVED
    if source.problem:
        return SourceState.FAILING
    if source.paused:
        return SourceState.PAUSED
    return SourceState.DUE if source.asked or not source.ran_at else SourceState.OK


def status(row: SourceStatus) -> str:
    """How a source is, in a sentence."""
    source, run = row
    following = from_ms((source.ran_at or 0) + source.every * 1000)
    sentences = {
        SourceState.WAITING: f"waits for approval: {run.reason if run else ''}",
        SourceState.APPROVED: "approved, being imported",
        SourceState.FAILING: f"failing: {source.problem}",
        SourceState.PAUSED: "paused",
        SourceState.DUE: "runs within seconds",
        SourceState.OK: f"OK, next run {following:%Y-%m-%d %H:%M} UTC",
    }
    return sentences[state(row)]


def as_dict(row: SourceStatus) -> dict[str, Any]:
    """A source for programs; as `put` takes it, with its status. Secrets are only named in it."""
    source, run = row
    names = ("name", "type", "kind", "settings", "reading", "every", "most_changed", "problem", "paused")
    waiting = run.id if run is not None and run.state is RunState.WAITING else None
    last_run = from_ms(source.ran_at) if source.ran_at else None
    return {**{name: getattr(source, name) for name in names}, "status": status(row), "waiting_run": waiting, "last_run": last_run}


def act(session: Session, source: DocumentSource, action: str, actor: str, now: datetime, run_id: int | None = None) -> None:
    """What a person does with a source: run, approve, discard, pause or resume it. Raises DomainError."""
    if action == "run":
        ask(session, source)
    elif action in ("approve", "discard"):
        decide(session, source, action == "approve", actor, now, run_id)
    elif action in ("pause", "resume"):
        pause(session, source, action == "pause", actor, now)
    else:
        raise NotFound("there is no such action")


def ask(session: Session, source: DocumentSource) -> None:
    """Run a source as soon as possible, whatever its schedule. Raises Conflict where a document waits for a person already."""
    if stored.open_run(session, source.id or 0, RunState.WAITING):
        raise Conflict(f"a document of {source.name} waits for approval; approve or discard it first")
    source.asked = True


def pause(session: Session, source: DocumentSource, paused: bool, actor: str, now: datetime) -> AuditChange:
    """Pause a source or let it go on."""
    change = audit_record.begin(
        session, actor=actor, kind="source", subject=f"{'pause' if paused else 'resume'} source {source.name}", now=now
    )
    with audit_record.watching(session, change, _TABLE, [source.id or 0]):
        source.paused = paused
    return change


def remove(session: Session, source: DocumentSource, actor: str, now: datetime) -> AuditChange:
    """Remove a source. The records it brought stay."""
    change = audit_record.begin(session, actor=actor, kind="source", subject=f"remove source {source.name}", now=now)
    with audit_record.watching(session, change, _TABLE, [source.id or 0]):
        source.removed = True
    return change


def decide(session: Session, source: DocumentSource, approve: bool, actor: str, now: datetime, run_id: int | None = None) -> SourceRun:
    """Approve the document that waits, so that it is imported next, or discard it. Raises Conflict where none waits, or another one."""
    run = stored.open_run(session, source.id or 0, RunState.WAITING)
    if run is None or (run_id is not None and run.id != run_id):
        raise Conflict(f"no such document of {source.name} waits for approval; look at its history")
    run.state, run.decided_by = (RunState.APPROVED if approve else RunState.DISCARDED), actor[:120]
    session.add(run)
    if approve and not source.approved:
        change = audit_record.begin(session, actor=actor, kind="source", subject=f"approve source {source.name}", now=now)
        with audit_record.watching(session, change, _TABLE, [source.id or 0]):
            source.approved = True
    return run
