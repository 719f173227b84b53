"""Sources of documents: status, the documents that wait for approval, and history."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from musterroll.domain.access import Role
from musterroll.domain.values import cursors
from musterroll.sources import SOURCES
from musterroll.storage.imports import sources as stored
from musterroll.usecases.imports import sources
from musterroll.usecases.imports.document_kinds import KINDS
from musterroll.web.http.context import actor, clock, needs, page, read_only, transaction

pages = Blueprint("sources", __name__)
_PAGE = 30
_READING_WORDS = {
    "columns": "columns",
    "given": "values of rows that have none",
    "words": "words of a status",
    "mapping": "saved mapping",
    "dates": "order of dates",
    "numbers": "a thousand",
    "ends": "end dates",
    "zone": "time zone",
    "heading_row": "heading row",
    "skip": "rows to leave out",
    "accept_guesses": "unrecognised columns as proposed",
}


@pages.get("/sources")
@needs(Role.PLANNER, everywhere=True)
def overview() -> str:
    with read_only() as session:
        rows = stored.all_sources(session)
    removed = request.args.get("removed", type=int)
    shown = {"status": sources.status, "state": sources.state, "types": SOURCES, "kinds": KINDS, "removed": removed}
    return page("sources.html", clock(), rows=rows, **shown)


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
    return page("source.html", clock(), status=sources.status, state=sources.state, kinds=KINDS, reading_words=_READING_WORDS, **shown)


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
        change = sources.remove(session, sources.numbered(session, source_id), actor().name, clock())
    return redirect(f"/sources?removed={change.id}", 303)
