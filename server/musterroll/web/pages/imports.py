"""Imports: upload a file to see its dry run; the history of imports, and undo; the columns of each kind and templates to fill in."""

from flask import Blueprint, Response, make_response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from musterroll import long_work
from musterroll.domain.access import Role
from musterroll.domain.imports import is_interrupted
from musterroll.domain.values import cursors
from musterroll.domain.values.errors import DomainError, NotFound
from musterroll.readers import reference
from musterroll.readers.fields import DocumentKind
from musterroll.readers.layout import ENCODINGS
from musterroll.readers.template_files import TEMPLATE_TYPES, csv_template, xlsx_template
from musterroll.usecases.imports import history as import_history
from musterroll.usecases.imports import mappings as import_mappings
from musterroll.usecases.imports.document_kinds import KINDS
from musterroll.web.http import uploads
from musterroll.web.http.context import actor, clock, context, needs, page, read_only
from musterroll.web.pages.dry_runs import LAYOUT, READING, folder, kind_named

pages = Blueprint("imports", __name__)

_PAGE = 30
_CHOICES = ("kind", "mapping", *READING, *LAYOUT)


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
        kind_named(choices["kind"])
        upload = uploads.store(folder(), file, actor().name, choices)
    except DomainError as error:
        return make_response(_overview(choices, str(error)), 422)
    return redirect(f"/imports/new/{upload.key}", 303)


@pages.get("/imports/<int:run_id>")
@needs(Role.PLANNER, everywhere=True)
def show_run(run_id: int) -> str:
    after = request.args.get("after") or None
    with read_only() as session:
        run = import_history.run(session, run_id)
        behind = import_history.rows(session, run_id, cursors.number(after) or 0, _PAGE + 1)
    rows, more = cursors.cut(behind, _PAGE, lambda row: (row.line,))
    now = clock()
    return page("import.html", now, run=run, rows=rows, after=after, more=more, interrupted=is_interrupted(run, now))


@pages.post("/imports/<int:run_id>/undo")
@needs(Role.PLANNER, everywhere=True)
def undo(run_id: int) -> AnyResponse:
    long_work.undo_import(context().database, run_id, actor().name, clock)
    return redirect(f"/imports/{run_id}", 303)


@pages.get("/imports/columns/<kind>")
@needs(Role.PLANNER, everywhere=True)
def show_columns(kind: str) -> str:
    """What a kind of document holds, and the headings that are recognised."""
    document = _known(kind)
    facts = {"columns": reference.columns(document), "sources": reference.sources(document), "kinds": KINDS.values()}
    return page("import_columns.html", clock(), kind=document, **facts)


@pages.get("/imports/templates/<kind>.<any(csv, xlsx):form>")
@needs(Role.PLANNER, everywhere=True)
def download_template(kind: str, form: str) -> AnyResponse:
    content = (xlsx_template if form == "xlsx" else csv_template)(_known(kind))
    headers = {"Content-Disposition": f'attachment; filename="{kind}.{form}"'}
    return Response(content, content_type=TEMPLATE_TYPES[form], headers=headers)


def _known(name: str) -> DocumentKind:
    if name not in KINDS:
        raise NotFound("there is no such file type; see Imports for the file types")
    return KINDS[name]


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
        **{"runs": runs, "older": older, "before": before, "mappings": mappings, "is_interrupted": is_interrupted},
        **{"kinds": KINDS.values(), "choices": choices, "error": error, "encodings": ENCODINGS},
    )
