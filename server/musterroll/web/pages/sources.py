"""Sources of documents: status, the documents that wait for approval, history, and the form to add one."""

from typing import Any

from flask import Blueprint, make_response, redirect, request
from werkzeug.wrappers import Response

from musterroll.domain.access import Role
from musterroll.domain.values import cursors
from musterroll.domain.values.errors import DomainError
from musterroll.sources import SOURCES
from musterroll.storage.imports import sources as stored
from musterroll.usecases.imports import mappings as import_mappings
from musterroll.usecases.imports import sources
from musterroll.usecases.imports.document_kinds import KINDS
from musterroll.usecases.imports.sources import Wanted
from musterroll.web.http.context import actor, clock, context, needs, page, read_only, transaction

pages = Blueprint("sources", __name__)
_PAGE = 30
_READING = ("mapping", "dates", "zone", "currency")


@pages.get("/sources")
@needs(Role.PLANNER, everywhere=True)
def overview() -> str:
    with read_only() as session:
        rows = stored.all_sources(session)
    return page("sources.html", clock(), rows=rows, status=sources.status, types=SOURCES)


@pages.get("/sources/new")
@needs(Role.ADMIN, everywhere=True)
def form() -> str:
    return _form()


@pages.post("/sources/new")
@needs(Role.ADMIN, everywhere=True)
def add() -> Response:
    try:
        with transaction() as session:
            source = sources.put(session, _wanted(), context().settings, actor().name, clock())
    except DomainError as refusal:
        return make_response(_form(str(refusal)), 422)
    return redirect(f"/sources/{source.id}", 303)


@pages.get("/sources/<int:source_id>")
@needs(Role.PLANNER, everywhere=True)
def show(source_id: int) -> str:
    before = request.args.get("before") or None
    with read_only() as session:
        source = sources.numbered(session, source_id)
        row = next(row for row in stored.all_sources(session) if row.source.id == source_id)
        found = stored.runs(session, source_id, cursors.number(before), _PAGE + 1)
    runs, older = cursors.cut(found, _PAGE, lambda run: (run.id,))
    shown = {"source": source, "row": row, "runs": runs, "older": older, "before": before, "type": SOURCES[source.type]}
    return page("source.html", clock(), status=sources.status, kinds=KINDS, **shown)


@pages.post("/sources/<int:source_id>/<action>")
@needs(Role.PLANNER, everywhere=True)
def act(source_id: int, action: str) -> Response:
    """Run, approve, discard, pause or resume a source."""
    with transaction() as session:
        run_id = request.form.get("run", type=int)
        sources.act(session, sources.numbered(session, source_id), action, actor().name, clock(), run_id)
    return redirect(f"/sources/{source_id}", 303)


@pages.post("/sources/<int:source_id>/remove")
@needs(Role.ADMIN, everywhere=True)
def remove(source_id: int) -> Response:
    with transaction() as session:
        sources.remove(session, sources.numbered(session, source_id), actor().name, clock())
    return redirect("/sources", 303)


def _form(error: str | None = None) -> str:
    chosen = request.values.get("type", "")
    with read_only() as session:
        mappings = import_mappings.saved(session)
    facts: dict[str, Any] = {"types": SOURCES, "type": SOURCES.get(chosen), "kinds": KINDS, "mappings": mappings}
    return page("source_form.html", clock(), error=error, form=request.form, **facts)


def _wanted() -> Wanted:
    form = request.form
    settings = {name.removeprefix("with_"): value[:4000] for name, value in form.items() if name.startswith("with_")}
    reading = {name: form.get(name, "").strip()[:120] for name in _READING}
    given = tuple(line.strip() for line in form.get("given", "")[:20_000].splitlines() if line.strip())
    every, most = (form.get(name, type=int) for name in ("every", "most_changed"))
    if every is None or most is None:
        raise DomainError("enter the minutes between runs and the limit as numbers", "bad_number")
    return Wanted(form.get("name", ""), form.get("type", ""), form.get("kind", ""), settings, {**reading, "given": given}, every * 60, most)
