"""The dry run of an uploaded file: what it would change, what is to be decided first, how it is read; then the commit."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from flask import Blueprint, Response, make_response, redirect, request
from sqlmodel import Session
from werkzeug.wrappers import Response as AnyResponse

from musterroll import long_work
from musterroll.domain.access import Role
from musterroll.domain.values.errors import DomainError, NotFound
from musterroll.readers import cell_values
from musterroll.readers.columns import Choices, Heading, choices, headings
from musterroll.readers.document import Document
from musterroll.readers.fields import DocumentKind
from musterroll.readers.layout import ENCODINGS, layout
from musterroll.storage.imports.runs import RunRow
from musterroll.usecases.imports import history as import_history
from musterroll.usecases.imports import mappings as import_mappings
from musterroll.usecases.imports.document_kinds import KINDS
from musterroll.usecases.imports.importer import Source
from musterroll.usecases.imports.preview import NewRecords, Preview, preview
from musterroll.usecases.imports.questions import Question, blocking_questions
from musterroll.usecases.imports.run import ImportResult, import_document
from musterroll.usecases.imports.verdicts import Outcome, RowVerdict
from musterroll.web.http import uploads
from musterroll.web.http.context import actor, clock, context, needs, page, read_only, snapshot, transaction
from musterroll.web.http.uploads import Upload

pages = Blueprint("dry_runs", __name__)

LAYOUT = ("sheet", "encoding", "separator", "heading_row", "skip")
READING = ("dates", "numbers", "ends", "zone")
_SHOWN = 100  # verdicts of each outcome
_MOST = 500  # fields of the form
_REJECT = "reject"


class DryRun(NamedTuple):
    """`rows` are the first verdicts of each outcome that has a reason or changes; `before` is an earlier import of the same file."""

    result: ImportResult
    rows: dict[Outcome, list[RowVerdict]]
    preview: Preview
    before: RunRow | None


@pages.get("/imports/new/<key>")
@needs(Role.PLANNER, everywhere=True)
def show(key: str) -> AnyResponse:
    return _page(_find(key))


@pages.post("/imports/new/<key>")
@needs(Role.PLANNER, everywhere=True)
def read_again(key: str) -> AnyResponse:
    """Read the file again with what the form says and, where it is given a name, save that as a mapping."""
    upload = _find(key)
    changed = {name: _text(name, upload.choices.get(name, "")) for name in (*READING, *LAYOUT)}
    columns = dict(_columns(upload.choices.get("columns", {})))
    if any(changed[name] != upload.choices.get(name, "") for name in LAYOUT):
        columns = {}  # other headings are read now
    given, words = dict(_pairs("given_field", "given_value")), dict(_pairs("word", "meaning"))
    upload = _store(upload, {"columns": columns, "given": {name: text for name, text in given.items() if text}, "words": words, **changed})
    name = _text("save")
    try:
        return _page(upload, _save(upload, name) if name else "")
    except NotFound:
        raise
    except DomainError as problem:
        return _page(upload, problem=problem)


@pages.post("/imports/new/<key>/answers")
@needs(Role.PLANNER, everywhere=True)
def answer(key: str) -> AnyResponse:
    """Answers to questions: what each is about, its subject, and the value."""
    upload = _find(key)
    chosen = {**upload.choices, **{name: dict(upload.choices.get(name, {})) for name in ("columns", "given", "words")}}
    for about, subject, value in zip(*(request.form.getlist(name)[:_MOST] for name in ("about", "subject", "value")), strict=False):
        _take(chosen, about, subject, value.strip()[:300])
    _store(upload, chosen)
    return redirect(f"/imports/new/{key}", 303)


@pages.post("/imports/new/<key>/commit")
@needs(Role.PLANNER, everywhere=True)
def commit(key: str) -> AnyResponse:
    upload = _find(key)
    with upload.opened() as file:
        with snapshot() as session:
            document = Document(file, kind_named(upload.choices["kind"]), _choices(session, upload))
        database = context().database
        result = long_work.import_document(database, document, lambda verdict: None, _source(upload), upload.sha256, clock)
    uploads.delete(upload)
    return redirect(f"/imports/{result.run_id}", 303)


def kind_named(name: str) -> DocumentKind:
    if name not in KINDS:
        raise DomainError("choose the file type first")
    return KINDS[name]


def folder() -> Path:
    return context().settings.data_dir / "uploads"


def _find(key: str) -> Upload:
    return uploads.find(folder(), key, actor().name)


def _store(upload: Upload, changed: dict[str, object]) -> Upload:
    return uploads.store_choices(folder(), actor().name, upload._replace(choices={**upload.choices, **changed}))


def _take(chosen: dict[str, object], about: str, subject: str, value: str) -> None:
    """One answer. Nothing chosen leaves the question open."""
    if not value:
        return
    if about in (*READING, *LAYOUT, "missing"):
        chosen[about] = value
    elif about == "kind" and value in KINDS:
        chosen.update(kind=value, columns={}, given={}, words={}, mapping="")
    elif about == "currency":
        chosen["given"] = {**dict(chosen["given"]), "currency": value}  # type: ignore[call-overload]
    elif about in _PARTS:
        name, by_value = _PARTS[about]
        pair = {value: subject} if by_value else {subject: value}
        chosen[name] = {**dict(chosen[name]), **pair}  # type: ignore[call-overload]


_PARTS = {"column": ("columns", True), "given": ("given", False), "word": ("words", False)}  # and whether the value is what is mapped


def _columns(before: dict[str, str]) -> Iterator[tuple[str, str]]:
    """What a person decided of columns: what differs from how the file would be read anyway, and what they decided before."""
    for n in range(_MOST):
        if f"heading{n}" in request.form:
            heading, field = request.form[f"heading{n}"], request.form.get(f"field{n}", "")
            if field != request.form.get(f"was{n}", "") or heading in before:
                yield heading, field


def _pairs(name: str, value: str) -> Iterator[tuple[str, str]]:
    for n in range(_MOST):
        left, right = _text(f"{name}{n}"), _text(f"{value}{n}")
        if left and right:
            yield left, "" if right == _NOTHING else left if right == _ITSELF else right


_NOTHING, _ITSELF = "nothing", "itself"


def _text(name: str, otherwise: str = "") -> str:
    return request.form.get(name, otherwise).strip()[:300]


def _save(upload: Upload, name: str) -> str:
    """Save how the file is read, with the columns as the form shows them."""
    shown = {request.form[f"heading{n}"]: _text(f"field{n}") for n in range(_MOST) if f"heading{n}" in request.form}
    with transaction() as session:
        chosen = _choices(session, upload)
        kind = upload.choices["kind"]
        return import_mappings.save(session, kind, name, chosen._replace(columns={**shown, **chosen.columns})).name


def _page(upload: Upload, saved: str = "", problem: DomainError | None = None) -> Response:
    """The page of a dry run. Where the file cannot be read yet: what is to be decided first."""
    kind, dry_run, columns = kind_named(upload.choices["kind"]), None, _headings(upload)
    try:
        dry_run = _dry_run(upload, kind)
    except NotFound:
        raise
    except DomainError as error:
        problem = error
    questions = dry_run.preview.questions if dry_run else _blocking(kind, problem, columns, upload)
    facts: dict[str, Any] = {
        "upload": upload,
        "kind": kind,
        "dry_run": dry_run,
        "error": str(problem) if problem else None,
        "questions": questions,
    }
    facts |= {"columns": columns, "saved": saved, "encodings": ENCODINGS, "choices": upload.choices, "meanings": _meanings(kind)}
    return make_response(page("dry_run.html", clock(), **facts), 200 if dry_run or questions or columns else 422)


def _blocking(kind: DocumentKind, problem: DomainError | None, columns: list[Heading], upload: Upload) -> list[Question]:
    return blocking_questions(kind, problem, columns, upload.choices.get("given", {})) if problem else []


def _meanings(kind: DocumentKind) -> list[str]:
    """What words of this kind of document can mean."""
    return list(dict.fromkeys(meaning for field in kind.fields for meaning in cell_values.meanings_of(field)))


def _dry_run(upload: Upload, kind: DocumentKind) -> DryRun:
    rows: dict[Outcome, list[RowVerdict]] = {Outcome.REFUSED: [], Outcome.CHANGED: []}

    def report(verdict: RowVerdict) -> None:
        records.add(verdict)
        if verdict.outcome in rows and len(rows[verdict.outcome]) < _SHOWN:
            rows[verdict.outcome].append(verdict)

    with upload.opened() as file, snapshot() as session:
        document = Document(file, kind, _choices(session, upload))
        records = NewRecords(document)
        result = import_document(session, document, report, _source(upload), None)
        before = import_history.imported_before(session, kind.name, upload.sha256)
        return DryRun(result, rows, preview(document, result, records), before)


def _source(upload: Upload) -> Source:
    return Source(upload.name, actor().name, clock(), context().settings.interval, upload.choices.get("missing") != _REJECT)


def _headings(upload: Upload) -> list[Heading]:
    """The columns of a file and the fields they are mapped to; none where it is no table."""
    try:
        with upload.opened() as file, read_only() as session:
            return headings(file, kind_named(upload.choices["kind"]), _choices(session, upload))
    except DomainError:
        return []


def _choices(session: Session, upload: Upload) -> Choices:
    chosen = upload.choices
    saved = import_mappings.choices(session, chosen["kind"], chosen.get("mapping"))
    laid_out = layout(*(chosen.get(name, "") for name in LAYOUT))
    columns, given, words = ([f"{left}={right}" for left, right in chosen.get(name, {}).items()] for name in ("columns", "given", "words"))
    ways: dict[str, Any] = {name: chosen.get(name) for name in ("numbers", "ends")}
    return choices(columns, saved, chosen.get("dates"), chosen.get("zone"), laid_out, given=given, words=words, **ways)
