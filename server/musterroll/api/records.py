"""Records as documents have them: exported in a form that imports again, and added or corrected one by one."""

from collections.abc import Callable
from typing import Any

from flask import Response
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

_LONGEST = 300  # characters of a value
_PROBLEMS = documented(400, 404, 409, 413, 415)


def _add_routes(kind: DocumentKind) -> None:
    """The routes of one kind: its list, and a record of it."""
    address, planners = f"/records/{kind.name}", needs(Role.PLANNER, everywhere=True)
    page, body = _page(kind), _body(kind)
    lists, adds, corrects = (
        _named(kind, view) for view in (_list_records(kind, page), _add_record(kind, body), _correct_record(kind, body))
    )
    noun = record_entry.SINGULAR[kind.name]
    listing(api, address, page, f"Records as {kind.title.lower()} documents")(planners(lists))
    api.post(address, summary=f"Add one {noun}", responses={201: ChangeOut, **_PROBLEMS})(planners(adds))
    api.patch(address, summary=f"Correct one {noun}", responses={200: ChangeOut, 204: None, **_PROBLEMS})(planners(corrects))


def _list_records(kind: DocumentKind, shape: type[Schema]) -> Callable[..., Response]:
    columns = [Column(field.label, (field.name,), field.name in export.days(kind)) for field in kind.fields]
    row: Any = shape.model_fields["items"].annotation.__args__[0]  # type: ignore[union-attr]

    def list_records(query: ListQuery) -> Response:
        """CSV and XLSX have the headings of documents: such a file can be imported again."""

        def fetch(session: Session, cursor: str | None, limit: int) -> Page:
            rows = export.page(session, kind.name, cursors.number(cursor) or 0, limit + 1, clock())
            shown, following = cursors.cut(rows, limit, lambda numbered: (numbered[0],))
            return [row(**cells) for _, cells in shown], following

        def lines(session: Session, cursor: str | None, limit: int) -> tuple[str, str | None]:
            text, last = export.csv_page(session, cursors.number(cursor) or 0, limit)
            return text, None if last is None else cursors.encode(last)

        return listed(shape, query, kind.name, fetch, columns=columns, lines=lines if kind.name in export.CSV_BY_DATABASE else None)

    return list_records


def _add_record(kind: DocumentKind, shape: type[RequestSchema]) -> Callable[..., Response]:
    def add_record(body: Any) -> Response:
        """Values as in a document, dates in ISO 8601. The same checks as an import; can be undone."""
        with transaction() as session:
            return answer(change_out(record_entry.add(session, _entry(kind, body), clock())), 201)

    add_record.__annotations__["body"] = shape
    return add_record


def _correct_record(kind: DocumentKind, shape: type[RequestSchema]) -> Callable[..., Response]:
    def correct_record(body: Any) -> Response:
        with transaction() as session:
            change = record_entry.correct(session, _entry(kind, body), clock())
            return answer(change_out(change)) if change else no_content()

    identifying = " and ".join(record_entry.identifying(kind))
    correct_record.__doc__ = f"Identified by {identifying}. A field left out stays as it is; null empties it. 204: nothing to change."
    correct_record.__annotations__["body"] = shape
    return correct_record


def _page(kind: DocumentKind) -> type[Schema]:
    fields: Any = {field.name: (str, Field(description=field.label)) for field in kind.fields}
    row: Any = create_model(f"{_title(kind)}Row", __base__=Schema, **fields)
    return create_model(f"{_title(kind)}Rows", __base__=Schema, items=(list[row], ...), next=(str | None, ...))


def _body(kind: DocumentKind) -> type[RequestSchema]:
    fields: Any = {field.name: (Text | None, Field(default=None, max_length=_LONGEST, description=field.label)) for field in kind.fields}
    reason: Any = (Text, Field(default="", max_length=500))
    return create_model(f"{_title(kind)}Entry", __base__=RequestSchema, reason=reason, **fields)


def _title(kind: DocumentKind) -> str:
    return "".join(word.capitalize() for word in kind.name.split("-"))


def _named(kind: DocumentKind, view: Callable[..., Response]) -> Callable[..., Response]:
    """A view with a name of its own, which is its endpoint."""
    view.__name__ = f"{view.__name__}_of_{kind.name.replace('-', '_')}"
    return view


def _entry(kind: DocumentKind, body: RequestSchema) -> Entry:
    values = body.model_dump(exclude_unset=True)
    reason = values.pop("reason", "")
    return Entry(kind.name, {name: value or "" for name, value in values.items()}, actor(), reason)


for _kind in export.KINDS.values():
    _add_routes(_kind)
