"""Imports: upload a file, check the dry run, commit; the history of imports, and undo."""

from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, make_response, redirect, request
from sqlmodel import Session
from werkzeug.wrappers import Response as AnyResponse

from musterroll.domain.access import Role
from musterroll.domain.values import cursors
from musterroll.domain.values.errors import DomainError, NotFound
from musterroll.readers.cells import NUMBERS
from musterroll.readers.cells.date_forms import ORDERS
from musterroll.readers.columns import Choices, Heading, headings
from musterroll.readers.document import Document
from musterroll.readers.fields import DocumentKind
from musterroll.readers.layout import ENCODINGS, layout
from musterroll.storage.imports.runs import RunRow
from musterroll.usecases.imports import history as import_history
from musterroll.usecases.imports import mappings as import_mappings
from musterroll.usecases.imports.document_kinds import KINDS
from musterroll.usecases.imports.importer import Source
from musterroll.usecases.imports.run import ImportResult, import_document
from musterroll.usecases.imports.verdicts import Outcome, RowVerdict
from musterroll.web.http import uploads
from musterroll.web.http.context import actor, clock, context, needs, page, read_only, snapshot, transaction
from musterroll.web.http.uploads import Upload

pages = Blueprint("imports", __name__)

_SHOWN = 100  # verdicts of each outcome in a dry run
_PAGE = 30
_LAYOUT = ("sheet", "encoding", "separator", "heading_row", "skip")
_READING = ("dates", "numbers", "zone")
_CHOICES = ("kind", "mapping", *_READING, *_LAYOUT)


class DryRun(NamedTuple):
    """`rows` are the first verdicts of each outcome except `same`; `before` is an earlier import of the same file."""

    result: ImportResult
    rows: dict[Outcome, list[RowVerdict]]
    notes: list[str]
    before: RunRow | None


@pages.get("/imports")
@needs(Role.PLANNER, everywhere=True)
def overview() -> str:
    return _overview()


@pages.post("/imports")
@needs(Role.PLANNER, everywhere=True)
def upload_file() -> AnyResponse:
    file, choices = request.files.get("file"), {name: request.form.get(name, "").strip()[:120] for name in _CHOICES}
    try:
        if file is None or not file.filename:
            raise DomainError("choose a file first")
        _kind(choices["kind"])
        upload = uploads.store(_folder(), file, actor().name, choices)
    except DomainError as error:
        return make_response(_overview(choices, str(error)), 422)
    return redirect(f"/imports/new/{upload.key}", 303)


@pages.get("/imports/new/<key>")
@needs(Role.PLANNER, everywhere=True)
def dry_run(key: str) -> AnyResponse:
    return _dry_run_page(uploads.find(_folder(), key, actor().name))


@pages.post("/imports/new/<key>")
@needs(Role.PLANNER, everywhere=True)
def map_columns(key: str) -> AnyResponse:
    """Read the file again with another mapping and, where it is given a name, save it."""
    upload = uploads.find(_folder(), key, actor().name)
    headings = [request.form.get(f"heading{n}", "") for n in range(500) if f"heading{n}" in request.form]
    guess = "guess" if "accept" in request.form else ""
    fields = (request.form.get(f"field{n}") or (guess and request.form.get(f"guess{n}", "")) for n in range(len(headings)))
    columns = dict(zip(headings, fields, strict=True))
    given, words = _pairs("given"), _pairs("words")
    changed = {name: request.form.get(name, upload.choices.get(name, "")).strip()[:120] for name in (*_READING, *_LAYOUT)}
    if any(changed[name] != upload.choices.get(name, "") for name in _LAYOUT):
        columns = {}  # other headings are read now
    upload = upload._replace(choices={**upload.choices, "columns": columns, "given": given, "words": words, **changed})
    uploads.store_choices(_folder(), actor().name, upload)
    name = request.form.get("save", "").strip()
    if name:
        with transaction() as session:
            name = import_mappings.save(session, _kind(upload.choices["kind"]).name, name, Choices(columns, given, words)).name
    return _dry_run_page(upload, name)


@pages.post("/imports/new/<key>/commit")
@needs(Role.PLANNER, everywhere=True)
def commit(key: str) -> AnyResponse:
    upload = uploads.find(_folder(), key, actor().name)
    with upload.opened() as file, transaction() as session:
        document = Document(file, _kind(upload.choices["kind"]), _choices(session, upload))
        result = import_document(session, document, lambda verdict: None, _source(upload), upload.sha256)
    uploads.delete(upload)
    return redirect(f"/imports/{result.run_id}", 303)


@pages.get("/imports/<int:run_id>")
@needs(Role.PLANNER, everywhere=True)
def show_run(run_id: int) -> str:
    after = request.args.get("after") or None
    with read_only() as session:
        run = import_history.run(session, run_id)
        behind = import_history.rows(session, run_id, cursors.number(after) or 0, _PAGE + 1)
    rows, more = cursors.cut(behind, _PAGE, lambda row: (row.line,))
    return page("import.html", clock(), run=run, rows=rows, after=after, more=more)


@pages.post("/imports/<int:run_id>/undo")
@needs(Role.PLANNER, everywhere=True)
def undo(run_id: int) -> AnyResponse:
    with transaction() as session:
        import_history.undo(session, run_id, actor().name, clock())
    return redirect(f"/imports/{run_id}", 303)


def _overview(choices: dict[str, str] | None = None, error: str | None = None) -> str:
    before = request.args.get("before") or None
    with read_only() as session:
        recent = import_history.runs(session, cursors.number(before), _PAGE + 1)
        mappings = import_mappings.saved(session)
    runs, older = cursors.cut(recent, _PAGE, lambda run: (run.id,))
    choices = choices or {"kind": request.args.get("kind", "units")}
    return page(
        "imports.html",
        clock(),
        **{"runs": runs, "older": older, "before": before, "mappings": mappings},
        **{"kinds": KINDS.values(), "choices": choices, "error": error, "encodings": ENCODINGS},
    )


def _dry_run_page(upload: Upload, saved: str = "") -> Response:
    """The page of a dry run. Where the file cannot be read: why not, and its columns to be mapped."""
    kind = _kind(upload.choices["kind"])
    try:
        dry_run, error = _dry_run(upload, kind), None
    except NotFound:
        raise
    except DomainError as problem:
        dry_run, error = None, str(problem)
    columns = _headings(upload, kind)
    facts = {"upload": upload, "kind": kind, "dry_run": dry_run, "error": error, "columns": columns, "saved": saved, "encodings": ENCODINGS}
    facts |= {name: upload.choices.get(name, {}) for name in ("given", "words")}
    return make_response(page("dry_run.html", clock(), **facts), 200 if dry_run or columns else 422)


def _dry_run(upload: Upload, kind: DocumentKind) -> DryRun:
    rows: dict[Outcome, list[RowVerdict]] = {Outcome.REFUSED: [], Outcome.CHANGED: [], Outcome.NEW: []}

    def report(verdict: RowVerdict) -> None:
        if len(rows.get(verdict.outcome, ())) < _SHOWN and verdict.outcome in rows:
            rows[verdict.outcome].append(verdict)

    with upload.opened() as file, snapshot() as session:
        document = Document(file, kind, _choices(session, upload))
        result = import_document(session, document, report, _source(upload), None)
        before = import_history.imported_before(session, kind.name, upload.sha256)
        return DryRun(result, rows, document.notes(), before)


def _source(upload: Upload) -> Source:
    return Source(upload.name, actor().name, clock(), context().settings.interval)


def _headings(upload: Upload, kind: DocumentKind) -> list[Heading]:
    """The columns of a file and the fields they are mapped to; none where it is no table."""
    try:
        with upload.opened() as file, read_only() as session:
            return headings(file, kind, _choices(session, upload))
    except DomainError:
        return []


def _pairs(name: str) -> dict[str, str]:
    """What a person wrote in a field of the form: one `name=meaning` a line."""
    lines = [line.strip() for line in request.form.get(name, "")[:20_000].splitlines() if "=" in line]
    return {word.strip(): meaning.strip() for word, _, meaning in (line.rpartition("=") for line in lines) if word.strip()}


def _choices(session: Session, upload: Upload) -> Choices:
    chosen = upload.choices
    saved = import_mappings.choices(session, chosen["kind"], chosen.get("mapping"))
    columns, given, words = ({**getattr(saved, name), **chosen.get(name, {})} for name in ("columns", "given", "words"))
    dates, zone = chosen.get("dates", ""), _zone(chosen.get("zone", ""))
    numbers = chosen.get("numbers", "") if chosen.get("numbers") in NUMBERS else ""
    laid_out = layout(*(chosen.get(name, "") for name in _LAYOUT))
    return Choices(columns, given, words, dates if dates in ORDERS else "", zone, laid_out, numbers)


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        raise DomainError(f"{name!r} is not a time zone; use a name such as Europe/Berlin") from None


def _kind(name: str) -> DocumentKind:
    if name not in KINDS:
        raise DomainError("choose the file type first")
    return KINDS[name]


def _folder() -> Path:
    return context().settings.data_dir / "uploads"
