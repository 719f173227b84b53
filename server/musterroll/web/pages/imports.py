"""Imports: upload a file, check the dry run, commit; the history of imports, and undo."""

from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, make_response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from musterroll.domain.access import Role
from musterroll.domain.values import cursors
from musterroll.domain.values.errors import DomainError, NotFound
from musterroll.readers.document import Choices, Document, Heading, headings
from musterroll.readers.fields import DocumentKind
from musterroll.storage.imports.runs import RunRow
from musterroll.usecases.imports import history as import_history
from musterroll.usecases.imports import mappings as import_mappings
from musterroll.usecases.imports.document_kinds import KINDS
from musterroll.usecases.imports.importer import Source
from musterroll.usecases.imports.run import Imported, import_document
from musterroll.usecases.imports.verdicts import Outcome, Verdict
from musterroll.web.http import uploads
from musterroll.web.http.context import actor, clock, context, needs, page, read_only, snapshot, transaction
from musterroll.web.http.uploads import Upload

pages = Blueprint("imports", __name__)

SHOWN = 100  # verdicts of each outcome in a dry run
PAGE = 30
_CHOICES = ("kind", "mapping", "dates", "zone")


class Judged(NamedTuple):
    """A dry run. `rows` are the first verdicts of each outcome except `same`."""

    result: Imported
    rows: dict[Outcome, list[Verdict]]
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
            raise DomainError("choose a CSV or XLSX file first")
        _kind(choices["kind"])
        stored = uploads.store(_folder(), file, actor().name, choices)
    except DomainError as refusal:
        return make_response(_overview(choices, str(refusal)), 422)
    return redirect(f"/imports/new/{stored.key}", 303)


@pages.get("/imports/new/<key>")
@needs(Role.PLANNER, everywhere=True)
def judge(key: str) -> AnyResponse:
    return _judged(uploads.find(_folder(), key, actor().name))


@pages.post("/imports/new/<key>")
@needs(Role.PLANNER, everywhere=True)
def choose(key: str) -> AnyResponse:
    """Read the file again with another mapping and save it if it has a name."""
    upload = uploads.find(_folder(), key, actor().name)
    headings = [request.form.get(f"heading{n}", "") for n in range(500) if f"heading{n}" in request.form]
    columns = {heading: request.form.get(f"field{n}", "") for n, heading in enumerate(headings)}
    reading = {name: request.form.get(name, upload.choices.get(name, "")).strip()[:120] for name in ("dates", "zone")}
    choices = {**upload.choices, "columns": columns, **reading}
    upload = uploads.store_choices(_folder(), actor().name, upload._replace(choices=choices))
    name = request.form.get("save", "").strip()
    if name:
        with transaction() as session:
            name = import_mappings.save(session, _kind(choices["kind"]).name, name, columns).name
    return _judged(upload, name)


@pages.post("/imports/new/<key>/commit")
@needs(Role.PLANNER, everywhere=True)
def commit(key: str) -> AnyResponse:
    upload, now = uploads.find(_folder(), key, actor().name), clock()
    source = Source(upload.name, actor().name, now, context().settings.interval)
    with upload.opened() as file, transaction() as session:
        document = Document(file, _kind(upload.choices["kind"]), _choices(upload, _saved(session, upload)))
        result = import_document(session, document, lambda verdict: None, source, upload.sha256)
    uploads.delete(upload)
    return redirect(f"/imports/{result.run_id}", 303)


@pages.get("/imports/<int:run_id>")
@needs(Role.PLANNER, everywhere=True)
def run(run_id: int) -> str:
    after = request.args.get("after") or None
    with read_only() as session:
        entry = import_history.run(session, run_id)
        behind = import_history.rows(session, run_id, cursors.number(after) or 0, PAGE + 1)
    rows, more = cursors.cut(behind, PAGE, lambda row: (row.line,))
    return page("import.html", clock(), run=entry, rows=rows, after=after, more=more)


@pages.post("/imports/<int:run_id>/undo")
@needs(Role.PLANNER, everywhere=True)
def undo(run_id: int) -> AnyResponse:
    with transaction() as session:
        import_history.undo(session, run_id, actor().name, clock())
    return redirect(f"/imports/{run_id}", 303)


def _overview(choices: dict[str, str] | None = None, refused: str | None = None) -> str:
    before = request.args.get("before") or None
    with read_only() as session:
        recent = import_history.runs(session, cursors.number(before), PAGE + 1)
        mappings = import_mappings.saved(session)
    runs, older = cursors.cut(recent, PAGE, lambda run: (run.id,))
    choices = choices or {"kind": request.args.get("kind", "units")}
    return page(
        "imports.html",
        clock(),
        **{"runs": runs, "older": older, "before": before, "mappings": mappings},
        **{"kinds": KINDS.values(), "choices": choices, "refused": refused},
    )


def _needed(kind: DocumentKind) -> set[str]:
    return {field.name for field in kind.fields if field.needed} | set(kind.key) | set(kind.shown)


def _judged(upload: Upload, saved: str = "") -> Response:
    """The page of a dry run; if the file cannot be read, the reason and a form to map its columns."""
    now, kind = clock(), _kind(upload.choices["kind"])
    try:
        judged, refused = _dry_run(upload, kind), None
    except NotFound:
        raise
    except DomainError as refusal:
        judged, refused = None, str(refusal)
    facts = {"upload": upload, "kind": kind, "judged": judged, "refused": refused, "outcomes": list(Outcome), "saved": saved}
    columns = _headings(upload, kind)
    return make_response(page("dry_run.html", now, columns=columns, needed=_needed(kind), **facts), 200 if judged or columns else 422)


def _dry_run(upload: Upload, kind: DocumentKind) -> Judged:
    rows: dict[Outcome, list[Verdict]] = {Outcome.REFUSED: [], Outcome.CHANGED: [], Outcome.NEW: []}

    def sample(verdict: Verdict) -> None:
        if len(rows.get(verdict.outcome, ())) < SHOWN and verdict.outcome in rows:
            rows[verdict.outcome].append(verdict)

    source = Source(upload.name, actor().name, clock(), context().settings.interval)
    with upload.opened() as file, snapshot() as session:
        document = Document(file, kind, _choices(upload, _saved(session, upload)))
        result = import_document(session, document, sample, source, None)
        before = import_mappings.imported_before(session, kind.name, upload.sha256)
        return Judged(result, rows, before)


def _headings(upload: Upload, kind: DocumentKind) -> list[Heading]:
    """The columns of a file and the fields they are mapped to; none if it is not a table."""
    try:
        with upload.opened() as file, read_only() as session:
            return headings(file, kind, _choices(upload, _saved(session, upload)))
    except DomainError:
        return []


def _saved(session: Any, upload: Upload) -> dict[str, str]:
    name = upload.choices.get("mapping")
    return import_mappings.columns(session, upload.choices["kind"], name) if name else {}


def _choices(upload: Upload, saved: dict[str, str]) -> Choices:
    choices = upload.choices
    dates = choices.get("dates", "")
    return Choices({**saved, **choices.get("columns", {})}, dates if dates in ("dmy", "mdy") else "", _zone(choices.get("zone", "")))


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
