"""Every list as a page of JSON, or whole as CSV or XLSX, from one shape.

A cell of text that a spreadsheet would take for a formula (it begins with = + - @, a tab or a line break) is made inert: in CSV an
apostrophe stands before it, in XLSX it is a text cell. To read CSV back exactly, take one apostrophe off every cell that begins with
apostrophes followed by one of those characters.
"""

import csv
import io
import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import chain
from types import UnionType
from typing import IO, Any, NamedTuple, TypeVar, Union, get_args, get_origin

import xlsxwriter
from flask import Response, request
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.media_type import MediaType
from flask_openapi.utils import parse_rule
from pydantic import BaseModel, Field
from sqlmodel import Session

from musterroll.api.http.context import answer, reading, reading_again
from musterroll.api.http.problems import HttpRefusal, documented
from musterroll.api.http.schemas import PageQuery, Shape

JSON, CSV = "application/json", "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PAGE = 5000  # rows fetched at a time
_MOST_ROWS = 1_048_575  # a sheet holds, below its headings
_LONGEST = 32_767  # characters a cell of a sheet holds
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
View = TypeVar("View", bound=Callable[..., Response])

Page = tuple[list[Any], str | None]  # shapes, and the cursor behind them
Fetch = Callable[[Session, str | None, int], Page]  # (session, cursor, limit)


class Form(StrEnum):
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


class ListQuery(PageQuery):
    format: Form | None = Field(default=None, description="csv, xlsx: all of the list as a file; without it, as `Accept` says.")


def listing(api: APIBlueprint, rule: str, page: type[Shape], summary: str, *problems: int) -> Callable[[View], View]:
    """A route that answers with `listed`, documented in its three kinds of content."""

    def decorate(view: View) -> View:
        made: View = api.get(rule, summary=summary, responses={200: page, **documented(*problems)})(view)
        content = api.paths[parse_rule(rule, url_prefix=api.url_prefix)].get.responses["200"].content
        content.update({CSV: MediaType(), XLSX: MediaType()})
        return made

    return decorate


def listed(page: type[Shape], query: ListQuery, name: str, fetch: Fetch, more: Callable[[], Mapping[str, Any]] = dict) -> Response:
    """The page asked for or, as a file called `name`, everything from the cursor on.

    `more` is what a page of JSON says beside its items, asked once they are fetched.
    """
    form = _form(query)
    with reading() as session:
        items, following = fetch(session, query.cursor, query.limit if form is Form.JSON else _PAGE)
    if form is Form.JSON:
        return answer(page(**{"items": items, "next": following, **more()}))
    pages = chain([items], _rest(fetch, following, reading_again()))
    columns = columns_of(get_args(page.model_fields["items"].annotation)[0])
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}.{form}"'}
    if form is Form.CSV:
        return Response(_csv(columns, pages), headers=headers, content_type=f"{CSV}; charset=utf-8")
    file = workbook(columns, pages)
    sent = Response(_chunks(file), headers=headers, content_type=XLSX)
    sent.call_on_close(file.close)
    return sent


def _form(query: ListQuery) -> Form:
    if query.format is not None:
        return query.format
    best = request.accept_mimetypes.best_match([JSON, CSV, XLSX], JSON)
    return {CSV: Form.CSV, XLSX: Form.XLSX}.get(best, Form.JSON)


def _rest(fetch: Fetch, following: str | None, open_session: Callable[[], Any]) -> Iterator[list[Any]]:
    """The further pages, each in a session of its own: whoever reads slowly holds up nothing."""
    while following is not None:
        with open_session() as session:
            items, following = fetch(session, following, _PAGE)
        yield items


class Column(NamedTuple):
    heading: str
    path: tuple[str, ...]

    def of(self, item: Any) -> Any:
        for name in self.path:
            item = None if item is None else getattr(item, name)
        return item


def columns_of(shape: type[BaseModel], path: tuple[str, ...] = ()) -> list[Column]:
    """The columns of a shape; a shape within it gives `name.field` for each of its own."""
    found = []
    for name, field in shape.model_fields.items():
        inner = _shape(field.annotation)
        here = (*path, name)
        found += columns_of(inner, here) if inner else [Column(".".join(here), here)]
    return found


def _shape(annotation: Any) -> type[BaseModel] | None:
    options = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return next((one for one in options if isinstance(one, type) and issubclass(one, BaseModel)), None)


def plain(value: Any) -> str | int | float | Decimal:
    """A value as a cell holds it: a number, or text (days and instants as ISO 8601 writes them)."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | Decimal):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return str(value)
    return json.dumps([_bare(one) for one in value] if isinstance(value, list | tuple) else value, ensure_ascii=False, default=str)


def _bare(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def inert(text: str) -> str:
    """
    >>> inert("=1+1"), inert("'=1+1"), inert("A=1")
    ("'=1+1", "''=1+1", 'A=1')
    """
    return f"'{text}" if _FORMULA.match(text) else text


def _csv(columns: list[Column], pages: Iterator[list[Any]]) -> Iterator[str]:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([column.heading for column in columns])
    for items in pages:
        for item in items:
            cells = (plain(column.of(item)) for column in columns)
            writer.writerow([inert(cell) if isinstance(cell, str) else cell for cell in cells])
        yield text.getvalue()
        text.seek(0)
        text.truncate()


def workbook(columns: list[Column], pages: Iterator[list[Any]]) -> IO[bytes]:
    """A workbook of one sheet, written row by row to a file that is gone when it is closed. Raises HttpRefusal for too many rows."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  closed when it was sent
    try:
        with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
            _fill(book.add_worksheet(), columns, pages)
    except Exception:
        file.close()
        raise
    file.seek(0)
    return file


def _fill(sheet: Any, columns: list[Column], pages: Iterator[list[Any]]) -> None:
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column.heading)
    for row, item in enumerate(chain.from_iterable(pages), 1):
        if row > _MOST_ROWS:
            raise HttpRefusal(422, "too_many_rows", f"a sheet holds {_MOST_ROWS:,} rows and the list has more; ask for CSV, or filter it")
        for place, column in enumerate(columns):
            _write(sheet, row, place, plain(column.of(item)))


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        yield from iter(lambda: file.read(1 << 16), b"")


def _write(sheet: Any, row: int, place: int, cell: str | int | float | Decimal) -> None:
    if not isinstance(cell, str):
        sheet.write_number(row, place, cell)
    elif cell:
        sheet.write_string(row, place, cell[:_LONGEST])
