"""Sources of documents: setting them up, running them, and deciding about documents that wait."""

from datetime import datetime
from typing import Any, Literal

from flask import Response
from pydantic import Field
from sqlmodel import Session

from musterroll.api.http.context import actor, answer, clock, context, no_content, read_only, transaction
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import RequestSchema, Schema, Text
from musterroll.api.imports import DocumentKind
from musterroll.domain.access import Role, needs
from musterroll.domain.values import cursors
from musterroll.domain.values.instants import from_ms
from musterroll.storage.imports import sources as stored
from musterroll.storage.imports.sources import SourceStatus
from musterroll.storage.tables.imports import DocumentSource, SourceRun
from musterroll.usecases.imports import source_edits, sources
from musterroll.usecases.imports.source_edits import Edit
from musterroll.usecases.imports.sources import Wanted

api = guarded("sources", "imports")


class SourcePath(RequestSchema):
    name: Text = Field(min_length=1, max_length=120)


class ReadingBody(RequestSchema):
    """How the documents of a source are read, as in an import."""

    map: list[Text] | None = Field(default=None, max_length=500, description="HEADING=FIELD reads the column as this field.")
    given: list[Text] | None = Field(default=None, max_length=100, description="FIELD=VALUE is the field of every row that has none.")
    word: list[Text] | None = Field(default=None, max_length=500, description="WORD=MEANING says what a status means.")
    mapping: Text | None = Field(default=None, max_length=120, description="Name of a saved column mapping.")
    dates: Literal["dmy", "mdy", "ymd"] | None = Field(default=None, description="Order of day and month in dates such as 1/2/2026.")
    numbers: Literal["1,000.00", "1.000,00"] | None = Field(default=None, description="How documents write a thousand.")
    ends: Literal["last-day", "day-after"] | None = Field(default=None, description="What an end date is; default: detected.")
    zone: Text | None = Field(default=None, max_length=60, description="IANA time zone of times without one.")
    currency: Text | None = Field(default=None, max_length=3, description="Currency of amounts that show none.")
    sheet: Text | None = Field(default=None, max_length=300, description="Sheet of the workbook, or file of the archive.")
    encoding: Text | None = Field(default=None, max_length=40, description="Encoding of a text file; default: detected.")
    separator: Text | None = Field(default=None, max_length=20, description="Separator of a text file; default: detected.")
    heading_row: Text | None = Field(default=None, max_length=10, description="Row of the headings; 0: none; default: detected.")
    skip: Text | None = Field(default=None, max_length=200, description="Rows to leave out, such as 3,12-14; none: keep total rows, too.")
    accept_guesses: bool | None = Field(default=None, description="Read unrecognised columns as what the preview proposes.")


class SourceBody(ReadingBody):
    type: Text = Field(max_length=24, description="Such as folder, https, mailbox, rest or sql.")
    kind: DocumentKind
    settings: dict[Text, Text] = Field(default={}, max_length=40, description="Secrets as env:NAME or file:NAME.")
    every: int = Field(default=86_400, ge=sources.SHORTEST, le=sources.LONGEST, description="Seconds between runs.")
    most_changed: int = Field(default=10, ge=0, le=100, description="Percentage of rows that may change or go without a person.")


class SourceEditBody(ReadingBody):
    name: Text | None = Field(default=None, min_length=1, max_length=120, description="Another name.")
    kind: DocumentKind | None = None
    settings: dict[Text, Text | None] = Field(default={}, max_length=40, description="Those to change; null removes one.")
    every: int | None = Field(default=None, ge=sources.SHORTEST, le=sources.LONGEST, description="Seconds between runs.")
    most_changed: int | None = Field(default=None, ge=0, le=100, description="Percentage of rows that may change or go without a person.")


class SourceActionBody(RequestSchema):
    action: Literal["run", "approve", "discard", "pause", "resume"]
    run: int | None = Field(default=None, ge=1, le=2**53, description="Number of the run decided about; default: the one that waits.")


class SourceOut(Schema):
    name: str
    type: str
    kind: str
    settings: dict[str, str]
    reading: dict[str, Any]
    every: int
    most_changed: int
    status: str
    problem: str
    paused: bool
    waiting_run: int | None
    last_run: datetime | None


class SourceList(Schema):
    items: list[SourceOut]


class SourceRunOut(Schema):
    id: int
    at: datetime
    state: str
    file: str
    counts: dict[str, int]
    reason: str
    notes: list[str]
    verdicts: list[list[Any]] = Field(description="The first of each outcome: outcome, line, record, detail.")
    import_run: int | None


class SourceRunPage(Schema):
    items: list[SourceRunOut]
    next: str | None


@api.get("/sources", summary="Sources of documents", responses={200: SourceList})
@needs(Role.PLANNER, everywhere=True)
def list_sources() -> Response:
    with read_only() as session:
        rows = stored.all_sources(session)
    return answer(SourceList(items=[_out(row) for row in rows]))


@api.put("/sources/<name>", summary="Add or change a source", responses={200: SourceOut, **documented(400, 404, 409, 413, 415, 422)})
@needs(Role.ADMIN, everywhere=True)
def put_source(path: SourcePath, body: SourceBody) -> Response:
    """Its next document waits for approval if it is fetched or read in another way. Can be undone."""
    wanted = Wanted(path.name, body.type, body.kind.value, body.settings, _reading(body), body.every, body.most_changed)
    with transaction() as session:
        source = sources.put(session, wanted, context().settings, actor(), clock())
        return answer(_out(_row(session, source)))


@api.patch("/sources/<name>", summary="Change a source", responses={200: SourceOut, **documented(400, 404, 409, 413, 415, 422)})
@needs(Role.ADMIN, everywhere=True)
def patch_source(path: SourcePath, body: SourceEditBody) -> Response:
    """What is not given stays as it is, and so do secrets. Can be undone."""
    edit = Edit(body.name, body.kind.value if body.kind else None, body.settings, _reading(body), body.every, body.most_changed)
    with transaction() as session:
        source = sources.named(session, path.name)
        sources.change(session, source, source_edits.edited(source, edit), context().settings, actor(), clock())
        return answer(_out(_row(session, source)))


@api.delete("/sources/<name>", summary="Remove a source", responses={204: None, **documented(404)})
@needs(Role.ADMIN, everywhere=True)
def delete_source(path: SourcePath) -> Response:
    """The records it brought stay. Can be undone."""
    with transaction() as session:
        sources.remove(session, sources.named(session, path.name), actor(), clock())
    return no_content()


@api.post(
    "/sources/<name>/actions",
    summary="Run, approve, discard, pause or resume",
    responses={200: SourceOut, **documented(400, 404, 409, 413, 415)},
)
@needs(Role.PLANNER, everywhere=True)
def act_on_source(path: SourcePath, body: SourceActionBody) -> Response:
    """What is run or approved is fetched and imported by the scheduled jobs, within seconds."""
    with transaction() as session:
        source = sources.named(session, path.name)
        sources.act(session, source, body.action, actor(), clock(), body.run)
        return answer(_out(_row(session, source)))


@listing(api, "/sources/<name>/runs", SourceRunPage, "Runs of a source, newest first", 404)
@needs(Role.PLANNER, everywhere=True)
def list_source_runs(path: SourcePath, query: ListQuery) -> Response:
    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        runs = stored.runs(session, sources.named(session, path.name).id or 0, cursors.number(cursor), limit + 1)
        rows, following = cursors.cut(runs, limit, lambda row: (row.id,))
        return [_run(row) for row in rows], following

    return listed(SourceRunPage, query, "source-runs", fetch)


def _reading(body: ReadingBody) -> dict[str, Any]:
    """The choices that are given, by their names in the use case."""
    names = {"map": "columns", "word": "words"}
    return {names.get(name, name): getattr(body, name) for name in ReadingBody.model_fields if name in body.model_fields_set}


def _row(session: Session, source: DocumentSource) -> SourceStatus:
    session.flush()
    return next(row for row in stored.all_sources(session) if row.source.id == source.id)


def _out(row: SourceStatus) -> SourceOut:
    return SourceOut.model_validate(sources.as_dict(row))


def _run(row: SourceRun) -> SourceRunOut:
    facts = {name: getattr(row, name) for name in ("id", "file", "counts", "reason", "notes")}
    return SourceRunOut(**facts, at=from_ms(row.at), state=row.state.value, verdicts=row.shown, import_run=row.import_run_id)
