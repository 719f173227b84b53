"""Records as documents have them: exported in a form that imports again, and added or corrected one by one."""

from typing import Any

from flask import Response
from flask_openapi.blueprint import APIBlueprint
from pydantic import Field, create_model
from sqlmodel import Session

from musterroll.api.audit import ChangeOut, change_out
from musterroll.api.http.context import actor, answer, clock, no_content, transaction
from musterroll.api.http.lists import Column, ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import RequestSchema, Schema, Text
from musterroll.domain.access import Role, needs
from musterroll.domain.values import cursors
from musterroll.readers.fields import DocumentKind
from musterroll.usecases.imports import export, record_entry
from musterroll.usecases.imports.record_entry import Entry

api = guarded("records", "records")
_LONGEST = 300


def _add_routes(api: APIBlueprint, kind: DocumentKind) -> None:
    """The routes of one kind: its list, and a record of it."""
    title = "".join(word.capitalize() for word in kind.name.split("-"))
    fields = {field.name: (str, Field(description=field.label)) for field in kind.fields}
    row = create_model(f"{title}Row", __base__=Schema, **fields)  # type: ignore[call-overload]
    page = create_model(f"{title}Rows", __base__=Schema, items=(list[row], ...), next=(str | None, ...))  # type: ignore[valid-type]
    cells = {field.name: (Text | None, Field(default=None, max_length=_LONGEST, description=field.label)) for field in kind.fields}
    body = create_model(  # type: ignore[call-overload]
        f"{title}Entry", __base__=RequestSchema, reason=(Text, Field(default="", max_length=500)), **cells
    )
    columns = [Column(field.label, (field.name,)) for field in kind.fields]
    identifying = " and ".join(record_entry.identifying(kind))

    def list_records(query: ListQuery) -> Response:
        """CSV and XLSX have the headings of documents: such a file can be imported again."""

        def fetch(session: Session, cursor: str | None, limit: int) -> Page:
            rows = export.page(session, kind.name, cursors.number(cursor) or 0, limit + 1, clock())
            shown, following = cursors.cut(rows, limit, lambda numbered: (numbered[0],))
            return [row(**cells) for _, cells in shown], following

        return listed(page, query, kind.name, fetch, columns=columns)

    def add_record(body: RequestSchema) -> Response:
        """Values as in a document, dates in ISO 8601. The same checks as an import; can be undone."""
        with transaction() as session:
            return answer(change_out(record_entry.add(session, _entry(kind, body), clock())), 201)

    def correct_record(body: RequestSchema) -> Response:
        with transaction() as session:
            change = record_entry.correct(session, _entry(kind, body), clock())
            return answer(change_out(change)) if change else no_content()

    correct_record.__doc__ = (
        f"Identified by {identifying}. A field that is left out stays as it is; null empties it. 204: nothing to change."
    )
    bodies = ((add_record, body), (correct_record, body))
    for view, shape in bodies:
        view.__annotations__["body"] = shape
    place, needed = f"/records/{kind.name}", needs(Role.PLANNER, everywhere=True)
    problems = documented(400, 404, 409, 413, 415)
    noun, endpoint = record_entry.SINGULAR[kind.name], kind.name.replace("-", "_")
    for verb, view in (("list", list_records), ("add", add_record), ("correct", correct_record)):
        view.__name__ = f"{verb}_{endpoint}_records"
    listing(api, place, page, f"Records as {kind.title.lower()} documents")(list_records)
    api.post(place, summary=f"Add one {noun}", responses={201: ChangeOut, **problems})(needed(add_record))
    api.patch(place, summary=f"Correct one {noun}", responses={200: ChangeOut, 204: None, **problems})(needed(correct_record))


def _entry(kind: DocumentKind, body: Any) -> Entry:
    cells = {name: value or "" for name, value in body.model_dump(exclude_unset=True, exclude={"reason"}).items()}
    return Entry(kind.name, cells, actor(), body.reason)


for _kind in export.KINDS.values():
    _add_routes(api, _kind)
