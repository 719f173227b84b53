"""The form of a source: to add one, and to edit its settings, schedule, limit and reading."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, make_response, redirect, request
from werkzeug.wrappers import Response

from musterroll.domain.access import Role
from musterroll.domain.values.errors import DomainError
from musterroll.readers.layout import ENCODINGS
from musterroll.sources import SOURCES, SourceType
from musterroll.storage.tables.imports import DocumentSource
from musterroll.usecases.imports import mappings as import_mappings
from musterroll.usecases.imports import source_edits, sources
from musterroll.usecases.imports.document_kinds import KINDS
from musterroll.usecases.imports.source_edits import Edit
from musterroll.usecases.imports.sources import LISTS, WORDS, Wanted
from musterroll.web.http.context import actor, clock, context, needs, page, read_only, transaction

pages = Blueprint("source_form", __name__)
_WITH, _CLEAR = "with_", "clear_"


@pages.get("/sources/new")
@needs(Role.ADMIN, everywhere=True)
def form() -> str:
    return _form(SOURCES.get(request.args.get("type", "")), request.form)


@pages.post("/sources/new")
@needs(Role.ADMIN, everywhere=True)
def add() -> Response:
    try:
        wanted = Wanted(request.form.get("name", ""), request.form.get("type", ""), *_written())
        with transaction() as session:
            source = sources.put(session, wanted, context().settings, actor().name, clock())
    except DomainError as refusal:
        return make_response(_form(SOURCES.get(request.form.get("type", "")), request.form, error=str(refusal)), 422)
    return redirect(f"/sources/{source.id}", 303)


@pages.get("/sources/<int:source_id>/edit")
@needs(Role.ADMIN, everywhere=True)
def edit(source_id: int) -> str:
    with read_only() as session:
        source = sources.numbered(session, source_id)
    return _form(SOURCES[source.type], _shown(source), source)


@pages.post("/sources/<int:source_id>/edit")
@needs(Role.ADMIN, everywhere=True)
def save(source_id: int) -> Response:
    with read_only() as session:
        shown = sources.numbered(session, source_id)
    try:
        kind, settings, reading, every, most = _written()
        cleared = {name.removeprefix(_CLEAR): None for name in request.form if name.startswith(_CLEAR)}
        changes = Edit(request.form.get("name", ""), kind, {**settings, **cleared}, reading, every, most)
        with transaction() as session:
            source = sources.numbered(session, source_id)
            wanted = source_edits.edited(source, changes)
            sources.change(session, source, wanted, context().settings, actor().name, clock())
    except DomainError as refusal:
        return make_response(_form(SOURCES[shown.type], request.form, shown, str(refusal)), 422)
    return redirect(f"/sources/{source_id}", 303)


def _form(chosen: SourceType | None, values: Mapping[str, Any], source: DocumentSource | None = None, error: str | None = None) -> str:
    with read_only() as session:
        mappings = import_mappings.saved(session)
    facts = {"types": SOURCES, "type": chosen, "kinds": KINDS, "mappings": mappings, "encodings": ENCODINGS, "source": source}
    return page("source_form.html", clock(), error=error, form=values, choices=values, **facts)


def _shown(source: DocumentSource) -> dict[str, Any]:
    """A source as its form shows it: without its secrets."""
    secrets = {setting.name for setting in SOURCES[source.type].settings if setting.secret}
    settings = {f"{_WITH}{name}": value for name, value in source.settings.items() if name not in secrets}
    reading = {name: "\n".join(value) if name in LISTS else value for name, value in source.reading.items()}
    facts = {"name": source.name, "kind": source.kind, "every": source.every // 60, "most_changed": str(source.most_changed)}
    return {**settings, **reading, **facts}


def _written() -> tuple[str, dict[str, str], dict[str, Any], int, int]:
    """Kind, settings, reading, seconds between runs and limit as the form gives them. Raises DomainError."""
    written = request.form
    settings = {name.removeprefix(_WITH): value[:4000] for name, value in written.items() if name.startswith(_WITH)}
    reading: dict[str, Any] = {name: written.get(name, "").strip()[:120] for name in WORDS}
    reading |= {name: [line.strip() for line in written.get(name, "")[:20_000].splitlines() if line.strip()] for name in LISTS}
    reading["accept_guesses"] = "accept_guesses" in written
    every, most = (written.get(name, type=int) for name in ("every", "most_changed"))
    if every is None or most is None:
        raise DomainError("enter the minutes between runs and the limit as numbers", "bad_number")
    return written.get("kind", ""), settings, reading, every * 60, most
