"""Imports: dry run and commit of a file, history, and undo."""

from contextlib import closing
from datetime import datetime
from enum import StrEnum
from typing import Any, BinaryIO, Literal, cast

from flask import Response, request
from flask_openapi.models.file import FileStorage
from pydantic import Field
from sqlmodel import Session

from musterroll import long_work
from musterroll.api.http.bodies import read_json, read_upload
from musterroll.api.http.context import actor, answer, clock, context, read_only, snapshot
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import HttpError, documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import RequestSchema, Schema, Text
from musterroll.domain.access import Role, needs
from musterroll.domain.imports import is_interrupted
from musterroll.domain.values import cursors
from musterroll.domain.values.instants import from_ms
from musterroll.readers.columns import choices
from musterroll.readers.document import Document, digest
from musterroll.readers.layout import layout
from musterroll.readers.template_files import TEMPLATE_TYPES, csv_template, xlsx_template
from musterroll.storage.imports.runs import RunRow
from musterroll.usecases.imports import history as import_history
from musterroll.usecases.imports import mappings as import_mappings
from musterroll.usecases.imports.document_kinds import KINDS
from musterroll.usecases.imports.importer import Source
from musterroll.usecases.imports.preview import NewRecords, as_data, preview
from musterroll.usecases.imports.run import ImportResult, import_document
from musterroll.usecases.imports.verdicts import Outcome, RowVerdict

_MOST_VERDICTS = 1000  # verdicts in one response


DocumentKind = StrEnum("DocumentKind", {name.replace("-", "_").upper(): name for name in KINDS})  # type: ignore[misc]


def _read() -> None:
    is_upload = request.method == "POST" and (request.endpoint or "").endswith("import_one")
    read_upload() if is_upload else read_json()


api = guarded("imports", "imports", _read)


class KindPath(RequestSchema):
    kind: DocumentKind


class TemplateQuery(RequestSchema):
    format: Literal["csv", "xlsx"] = "csv"


class RunPath(RequestSchema):
    run: int = Field(ge=1, le=2**53, description="Number of the import.")


class DocumentForm(RequestSchema):
    file: FileStorage = Field(description="CSV file, workbook or JSON, zipped or not.")
    commit: bool = Field(default=False, description="false: dry run.")
    map: list[Text] = Field(
        default=[], max_length=500, description="HEADING=FIELD reads the column as this field; an empty field ignores it."
    )
    accept_guesses: bool = Field(default=False, description="Read unrecognised columns as what the dry run's notes propose.")
    given: list[Text] = Field(default=[], max_length=100, description="FIELD=VALUE is the field of every row that has none.")
    word: list[Text] = Field(default=[], max_length=500, description="WORD=MEANING says what a status means; empty: nothing.")
    mapping: Text | None = Field(default=None, max_length=120, description="Name of a saved column mapping.")
    dates: Literal["dmy", "mdy", "ymd"] | None = Field(default=None, description="Order of day and month in dates such as 1/2/2026.")
    numbers: Literal["1,000.00", "1.000,00"] | None = Field(default=None, description="How the file writes a thousand.")
    ends: Literal["last-day", "day-after"] | None = Field(
        default=None, description="What an end date is: the last day, or the day after it; default: detected."
    )
    zone: Text | None = Field(
        default=None, max_length=60, description="IANA time zone of times without one, and of the days that times with one fall on."
    )
    sheet: Text | None = Field(default=None, max_length=300, description="Sheet of the workbook, or file of the archive.")
    encoding: Text | None = Field(default=None, max_length=40, description="Encoding of a text file; default: detected.")
    separator: Text | None = Field(default=None, max_length=20, description="Separator of a text file; default: detected.")
    heading_row: Text = Field(default="", max_length=10, description="Row of the headings; 0: none; default: detected.")
    skip: Text = Field(default="", max_length=200, description="Rows to leave out, such as 3,12-14; none: keep total rows, too.")

    create_missing: bool = Field(default=True, description="Create accounts and sites that only a row names; false: reject such rows.")


class DifferenceOut(Schema):
    field: str
    old: str | None
    new: str | None


class VerdictOut(Schema):
    line: int = Field(description="Line of the file where the row starts.")
    record: str = Field(description="The record the row is about, as written.")
    outcome: Outcome
    changed: list[DifferenceOut]
    why: str | None = Field(description="Reason for a rejected (refused) row.")
    code: str = Field(description="The kind of reason, where it has one: duplicate, not_registered and so on.")
    note: str = Field(description="Remark on an accepted row.")


class ReadingDecisionOut(Schema):
    heading: str
    about: str = Field(
        description="dates, numbers, wholes (read without .0), zone (of times), count (what numbers are) or ends (what an end date is)."
    )
    choice: str = Field(description="How the column is read; empty where that is still to be chosen.")
    reason: str
    line: int | None = Field(description="Line of the row that decided, or that asks.")
    cell: str = Field(description="Its cell.")


class NewRecordOut(Schema):
    line: int
    values: dict[str, str] = Field(description="By the label of the field.")
    odd: str = Field(description="What is worth a look in this row; empty: nothing.")


class CreatedOut(Schema):
    table: str = Field(description="account, site or product.")
    name: str
    rows: int = Field(description="Rows that name it.")


class WordOut(Schema):
    field: str = Field(description="The column whose word is not understood; empty: the word was taken for nothing.")
    word: str
    rows: int
    meanings: list[str] = Field(description="What it can be said to mean with `word`.")


class AnswerOut(Schema):
    value: str
    label: str


class QuestionOut(Schema):
    about: str = Field(description="The field of this form that answers it: dates, numbers, zone, word, or column (with `map`).")
    subject: str = Field(description="The word, or the field of the document.")
    text: str
    answers: list[AnswerOut] = Field(description="The likeliest first; none: any text.")
    given: bool = Field(description="Whether a value for the whole file answers it, too.")
    likely: bool = Field(description="Whether the first answer is a proposal.")


class ImportOut(Schema):
    id: int | None = Field(description="Number of the import; null for a dry run.")
    committed: bool
    rows: int
    counts: dict[Outcome, int]
    columns: dict[str, str] = Field(description="Field of each heading.")
    ignored_columns: list[str] = Field(description="Headings that were not recognised.")
    decisions: list[ReadingDecisionOut] = Field(description="How columns are read whose cells could be read in several ways.")
    notes: list[str] = Field(description="How the file was read: words taken for nothing, words not recognised, and so on.")
    source: str = Field(description="The list of a known system that the file looks like; empty: none.")
    new_records: list[NewRecordOut] = Field(description="The values of the first new records, and of those unlike them.")
    created: list[CreatedOut] = Field(description="Dry run: records that would be created because rows name them.")
    duplicates: int = Field(description="Rejected rows about a record that an earlier row is about, with other values.")
    rows_left_out: list[str] = Field(description="Titles, totals and other rows that are no records.")
    words: list[WordOut]
    questions: list[QuestionOut] = Field(description="What only a person can decide.")
    imported_before: int | None = Field(description="The latest import of a file with the same content.")
    verdicts: list[VerdictOut] = Field(description=f"The first {_MOST_VERDICTS} rows, except unchanged ones.")


class RunOut(Schema):
    id: int
    kind: DocumentKind
    file: str
    sha256: str
    at: datetime
    actor: str
    columns: dict[str, str]
    counts: dict[str, int]
    change: int
    undone_by: int | None = Field(description="The change that undid it.")
    line: int | None = Field(description="Of an import that is under way or was interrupted: the line up to which it is in the registry.")
    undoing: bool = Field(description="Whether its undo is not complete; undo it again to complete it.")
    interrupted: bool = Field(description="Whether it or its undo is not complete, and nobody goes on with it.")


class RunPage(Schema):
    items: list[RunOut]
    next: str | None


class RunRowOut(Schema):
    line: int
    outcome: Outcome
    record_id: int | None = Field(description="ID of the record it created or changed.")
    detail: str


class RunRowPage(Schema):
    items: list[RunRowOut]
    next: str | None


@api.post("/imports/<kind>", doc_ui=False, endpoint="former_import_one")  # in the contract it was ambiguous beside /imports/<run>
@api.post(
    "/imports/kinds/<kind>", summary="Import a file: dry run or commit", responses={200: ImportOut, **documented(400, 404, 409, 413, 415)}
)
@needs(Role.PLANNER, everywhere=True)
def import_one(path: KindPath, form: DocumentForm) -> Response:
    """Returns an outcome per row: new, changed, same or refused. Importing a file again changes nothing, or completes it."""
    upload = request.files.get("file")
    if upload is None:
        raise HttpError(422, "invalid", "file: send the file as the multipart field `file`")
    stream = cast(BinaryIO, upload.stream)
    sha256 = digest(stream)
    source = Source(upload.filename or "upload", actor(), clock(), context().settings.interval, form.create_missing)
    with closing(upload):
        with snapshot() as session:
            saved = import_mappings.choices(session, path.kind, form.mapping)
            laid_out = layout(form.sheet, form.encoding, form.separator, form.heading_row, form.skip)
            chosen = choices(form.map, saved, form.dates, form.zone, laid_out, given=form.given, words=form.word, numbers=form.numbers)
            chosen = chosen._replace(accept_guesses=form.accept_guesses, ends=form.ends or saved.ends)
            document = Document(stream, KINDS[path.kind], chosen)
            before, verdicts = import_history.imported_before(session, path.kind, sha256), _FirstVerdicts(document)
            result = import_document(session, document, verdicts.add, source, None) if not form.commit else None
        if result is None:
            result = long_work.import_document(context().database, document, verdicts.add, source, sha256, clock)
    return answer(_import_out(result, document, before, verdicts))


@api.get("/imports/templates/<kind>", summary="Template of a kind of document", responses={200: None, **documented(404)})
@needs(Role.PLANNER, everywhere=True)
def get_template(path: KindPath, query: TemplateQuery) -> Response:
    """The headings, an example row and, in a workbook, a note on each column."""
    content = (xlsx_template if query.format == "xlsx" else csv_template)(KINDS[path.kind])
    headers = {"Content-Disposition": f'attachment; filename="{path.kind}.{query.format}"'}
    return Response(content, content_type=TEMPLATE_TYPES[query.format], headers=headers)


@listing(api, "/imports", RunPage, "Imports, newest first")
@needs(Role.PLANNER, everywhere=True)
def list_imports(query: ListQuery) -> Response:
    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        runs, following = cursors.cut(import_history.runs(session, cursors.number(cursor), limit + 1), limit, lambda run: (run.id,))
        return [_run_out(run) for run in runs], following

    return listed(RunPage, query, "imports", fetch)


@api.get("/imports/<int:run>", summary="One import", responses={200: RunOut, **documented(404)})
@needs(Role.PLANNER, everywhere=True)
def get_import(path: RunPath) -> Response:
    with read_only() as session:
        return answer(_run_out(import_history.run(session, path.run)))


@listing(api, "/imports/<int:run>/rows", RunRowPage, "Rows of an import, except unchanged ones", 404)
@needs(Role.PLANNER, everywhere=True)
def get_import_rows(path: RunPath, query: ListQuery) -> Response:
    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        import_history.run(session, path.run)
        behind = import_history.rows(session, path.run, cursors.number(cursor) or 0, limit + 1)
        rows, following = cursors.cut(behind, limit, lambda row: (row.line,))
        items = [RunRowOut(line=row.line, outcome=Outcome(row.verdict), record_id=row.record_id, detail=row.detail) for row in rows]
        return items, following

    return listed(RunRowPage, query, f"import-{path.run}", fetch)


@api.post("/imports/<int:run>/undo", summary="Undo an import", responses={200: RunOut, **documented(404, 409)})
@needs(Role.PLANNER, everywhere=True)
def undo_import(path: RunPath) -> Response:
    long_work.undo_import(context().database, path.run, actor(), clock)
    with read_only() as session:
        return answer(_run_out(import_history.run(session, path.run)))


def _import_out(result: ImportResult, document: Document, before: RunRow | None, verdicts: "_FirstVerdicts") -> ImportOut:
    return ImportOut(
        id=result.run_id,
        committed=result.run_id is not None,
        rows=sum(result.counts.values()),
        counts=result.counts,
        columns=document.mapping,
        ignored_columns=document.ignored,
        **as_data(preview(document, result, verdicts.new)),
        imported_before=before.id if before else None,
        verdicts=verdicts.first,
    )


def _run_out(run: RunRow) -> RunOut:
    facts: dict[str, Any] = run._asdict()
    return RunOut(
        **facts
        | {
            "at": from_ms(run.at),
            "columns": facts["mapping"],
            "change": run.change_id,
            "interrupted": is_interrupted(run, clock()),
        }
    )


class _FirstVerdicts:
    """Collects the verdicts of one answer."""

    def __init__(self, document: Document) -> None:
        self.first: list[VerdictOut] = []
        self.new = NewRecords(document)

    def add(self, verdict: RowVerdict) -> None:
        self.new.add(verdict)
        if (verdict.outcome is not Outcome.SAME or verdict.note) and len(self.first) < _MOST_VERDICTS:
            self.first.append(_verdict_out(verdict))


def _verdict_out(verdict: RowVerdict) -> VerdictOut:
    return VerdictOut(
        line=verdict.line,
        record=verdict.record,
        outcome=verdict.outcome,
        changed=[DifferenceOut(**change._asdict()) for change in verdict.differences],
        why=verdict.why,
        code=verdict.code,
        note=verdict.note,
    )
