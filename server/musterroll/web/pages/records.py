"""Records entered by hand: add or correct one, with the checks of imports; and exports of all in a form that imports again."""

from urllib.parse import urlencode

from flask import Blueprint, make_response, redirect, request
from werkzeug.wrappers import Response

from musterroll.domain.access import Role
from musterroll.domain.values.errors import DomainError, NotFound
from musterroll.readers.fields import DocumentKind
from musterroll.storage.tables.audit import AuditChange
from musterroll.usecases.imports import record_entry
from musterroll.usecases.imports.export import KINDS
from musterroll.usecases.imports.record_entry import Entry
from musterroll.web.http.context import actor, clock, needs, page, read_only, transaction
from musterroll.web.http.security import local_path

pages = Blueprint("records", __name__)

_LONGEST = 300


@pages.get("/records")
@needs(Role.PLANNER, everywhere=True)
def overview() -> str:
    return page("records.html", clock(), kinds=KINDS, nouns=record_entry.SINGULAR, identifying=record_entry.identifying)


@pages.get("/records/<kind>/new")
@needs(Role.PLANNER, everywhere=True)
def new(kind: str) -> str:
    """An empty form; the query may fill some fields, such as the account of a new site."""
    return _form(_kind(kind), _cells(_kind(kind), request.args), new=True)


@pages.post("/records/<kind>/new")
@needs(Role.PLANNER, everywhere=True)
def add(kind: str) -> Response:
    return _save(_kind(kind), new=True)


@pages.get("/records/<kind>/edit")
@needs(Role.PLANNER, everywhere=True)
def edit(kind: str) -> Response:
    document, saved = _kind(kind), request.args.get("saved", type=int)
    cells = _cells(document, request.args)
    try:
        with read_only() as session:
            current = record_entry.current(session, Entry(kind, cells, actor().name), clock())
            change = session.get(AuditChange, saved) if saved else None
    except DomainError as refusal:
        return make_response(_form(document, cells, new=True, refused=str(refusal)), 404)
    return make_response(_form(document, current, new=False, change=change))


@pages.post("/records/<kind>/edit")
@needs(Role.PLANNER, everywhere=True)
def correct(kind: str) -> Response:
    return _save(_kind(kind), new=False)


def _save(kind: DocumentKind, new: bool) -> Response:
    cells = _cells(kind, request.form)
    entry = Entry(kind.name, cells, actor().name, request.form.get("reason", "").strip()[:500])
    try:
        with transaction() as session:
            change = (record_entry.add if new else record_entry.correct)(session, entry, clock())
            number = change.id if change else None
    except DomainError as refusal:
        return make_response(_form(kind, cells, new=new, refused=str(refusal)), 422)
    if "next" in request.form:
        return redirect(local_path(request.form["next"]), 303)
    key = {name: cells.get(name, "") for name in record_entry.identifying(kind)} | ({"saved": str(number)} if number else {})
    return redirect(f"/records/{kind.name}/edit?{urlencode(key)}", 303)


def _form(kind: DocumentKind, cells: dict[str, str], new: bool, refused: str | None = None, change: AuditChange | None = None) -> str:
    key = record_entry.identifying(kind)
    link = urlencode({name: cells.get(name, "") for name in key})
    facts = {"cells": cells, "new": new, "refused": refused, "change": change, "key": key, "link": link}
    return page("record.html", clock(), kind=kind, noun=record_entry.SINGULAR[kind.name], page_of=_page_of(kind, cells), **facts)


def _page_of(kind: DocumentKind, cells: dict[str, str]) -> str | None:
    """The page that shows the record, where it has one of its own."""
    if kind.name == "units":
        return f"/?{urlencode({'code': cells.get('serial', '')})}"
    account, contract = cells.get("ref") if kind.name == "accounts" else None, cells.get("contract")
    if kind.name == "contracts":
        contract = cells.get("ref")
    return f"/accounts/{account}" if account else f"/contracts/{contract}" if contract else None


def _kind(name: str) -> DocumentKind:
    if name not in KINDS:
        raise NotFound(f"there are no records {name[:40]!r}")
    return KINDS[name]


def _cells(kind: DocumentKind, form: dict[str, str]) -> dict[str, str]:
    return {field.name: form[field.name].replace("\0", "").strip()[:_LONGEST] for field in kind.fields if field.name in form}
