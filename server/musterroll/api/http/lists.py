"""Lists as a page of JSON, or complete as CSV or XLSX, from one schema.

Text that a spreadsheet would take for a formula (it starts with = + - @, a tab or a line break) is made inert: CSV puts an apostrophe
before it, XLSX uses a text cell. To read CSV back exactly, remove one apostrophe from every cell that starts with apostrophes followed
by one of those characters.
"""

import csv
import io
import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
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

from musterroll.api.http.context import answer, open_read_only, read_only
from musterroll.api.http.problems import HttpError, documented
from musterroll.api.http.schemas import MoneyOut, PageQuery, Schema
from musterroll.domain.values.money import Money, format_sums

JSON, CSV = "application/json", "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PAGE = 5000  # rows fetched at a time
_MOST_ROWS = 1_048_575  # of a sheet, below its headings
_FIRST_YEAR = 1900  # of the days of a workbook
_LONGEST = 32_767  # characters in a cell of a sheet
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
View = TypeVar("View", bound=Callable[..., Response])

Page = tuple[list[Any], str | None]  # items, and the cursor of the next page
Fetch = Callable[[Session, str | None, int], Page]  # (session, cursor, limit)
Lines = Callable[[Session, str | None, int], tuple[str, str | None]]  # the same as lines of a CSV file


class ListFormat(StrEnum):
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


class ListQuery(PageQuery):
    format: ListFormat | None = Field(default=None, description="csv or xlsx: the complete list as a file; default: according to `Accept`.")


def listing(api: APIBlueprint, rule: str, page: type[Schema], summary: str, *problems: int) -> Callable[[View], View]:
    """A route that returns `listed`, documented with its three content types."""

    def decorate(view: View) -> View:
        endpoint: View = api.get(rule, summary=summary, responses={200: page, **documented(*problems)})(view)
        content = api.paths[parse_rule(rule, url_prefix=api.url_prefix)].get.responses["200"].content
        content.update({CSV: MediaType(), XLSX: MediaType()})
        return endpoint

    return decorate


def listed(
    page: type[Schema],
    query: ListQuery,
    name: str,
    fetch: Fetch,
    more: Callable[[], Mapping[str, Any]] = dict,
    columns: "list[Column] | None" = None,
    lines: Lines | None = None,
) -> Response:
    """The requested page or, as a file named `name`, everything from the cursor on.

    `more` gives further fields of a JSON page; it is called once the items are fetched. `columns`: of files, where not those of the schema.
    `lines`: where the database writes CSV itself.
    """
    format_ = _format(query)
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}.{format_}"'}
    columns = columns or ([] if format_ is ListFormat.JSON else columns_of(get_args(page.model_fields["items"].annotation)[0]))
    if lines and format_ is ListFormat.CSV:
        written = chain(csv_lines(columns, iter([[]])), _written(lines, query.cursor))
        return Response(written, headers=headers, content_type=f"{CSV}; charset=utf-8")
    with read_only() as session:
        items, following = fetch(session, query.cursor, query.limit if format_ is ListFormat.JSON else _PAGE)
    if format_ is ListFormat.JSON:
        return answer(page(**{"items": items, "next": following, **more()}))
    pages = chain([items], _rest(fetch, following, open_read_only()))
    if format_ is ListFormat.CSV:
        return Response(csv_lines(columns, pages), headers=headers, content_type=f"{CSV}; charset=utf-8")
    file = workbook(columns, pages)
    sent = Response(chunks(file), headers=headers, content_type=XLSX)
    sent.call_on_close(file.close)
    return sent


def _format(query: ListQuery) -> ListFormat:
    if query.format is not None:
        return query.format
    best = request.accept_mimetypes.best_match([JSON, CSV, XLSX], JSON)
    return {CSV: ListFormat.CSV, XLSX: ListFormat.XLSX}.get(best, ListFormat.JSON)


def _rest(fetch: Fetch, following: str | None, open_session: Callable[[], Any]) -> Iterator[list[Any]]:
    """The following pages, each in its own session, so that a slow reader blocks nothing."""
    while following is not None:
        with open_session() as session:
            items, following = fetch(session, following, _PAGE)
        yield items


def _written(lines: Lines, cursor: str | None) -> Iterator[str]:
    """All lines from a cursor on. The first are fetched at once, so that what is wrong is answered as such."""

    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        text, following = lines(session, cursor, limit)
        return [text], following

    open_session = open_read_only()
    with open_session() as session:
        first, following = fetch(session, cursor, _PAGE)
    return chain.from_iterable(chain([first], _rest(fetch, following, open_session)))


class Column(NamedTuple):
    """A column of a file. `days`: its texts are days in ISO 8601."""

    heading: str
    path: tuple[str, ...]
    days: bool = False

    def of(self, item: Any) -> Any:
        for name in self.path:
            item = None if item is None else getattr(item, name)
        return item


def columns_of(shape: type[BaseModel], path: tuple[str, ...] = ()) -> list[Column]:
    """The columns of a schema; those of a nested schema are named `name.field`."""
    columns = []
    for name, field in shape.model_fields.items():
        inner = _shape(field.annotation)
        here = (*path, name)
        columns += columns_of(inner, here) if inner else [Column(".".join(here), here)]
    return columns


def _shape(annotation: Any) -> type[BaseModel] | None:
    options = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return next((option for option in options if isinstance(option, type) and issubclass(option, BaseModel)), None)


def plain(value: Any) -> str | int | float | Decimal:
    """A value for a cell: a number or text (days and instants in ISO 8601)."""
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
    if isinstance(value, list) and all(isinstance(item, MoneyOut) for item in value):
        return format_sums(Money(item.amount, item.currency) for item in value)
    return json.dumps([_bare(item) for item in value] if isinstance(value, list | tuple) else value, ensure_ascii=False, default=str)


def _bare(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def inert(text: str) -> str:
    """
    >>> inert("=1+1"), inert("'=1+1"), inert("A=1")
    ("'=1+1", "''=1+1", 'A=1')
    """
    return f"'{text}" if _FORMULA.match(text) else text


def csv_lines(columns: list[Column], pages: Iterator[list[Any]]) -> Iterator[str]:
    """A CSV file, a page at a time."""
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
    """A workbook with one sheet, in a file that is deleted when closed. Raises HttpRefusal for too many rows."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  closed once sent
    try:
        with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
            _fill(book.add_worksheet(), columns, pages, book.add_format({"num_format": "yyyy-mm-dd"}))
    except Exception:
        file.close()
        raise
    file.seek(0)
    return file


def _fill(sheet: Any, columns: list[Column], pages: Iterator[list[Any]], day: Any) -> None:
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column.heading)
    for row, item in enumerate(chain.from_iterable(pages), 1):
        if row > _MOST_ROWS:
            raise HttpError(422, "too_many_rows", f"the list has more than {_MOST_ROWS:,} rows, the limit of a sheet; use CSV, or a filter")
        for place, column in enumerate(columns):
            _write(sheet, row, place, column.of(item), column.days, day)


def chunks(file: IO[bytes]) -> Iterator[bytes]:
    """The content of a file, which is closed at the end."""
    with file:
        yield from iter(lambda: file.read(1 << 16), b"")


def _write(sheet: Any, row: int, place: int, value: Any, days: bool, day: Any) -> None:
    """Write a value; a day as a date, which a workbook has since 1900."""
    value = date.fromisoformat(value) if days and value else value
    cell = plain(value)
    if isinstance(value, date) and not isinstance(value, datetime) and value.year >= _FIRST_YEAR:
        sheet.write_datetime(row, place, datetime.combine(value, time()), day)
    elif not isinstance(cell, str):
        sheet.write_number(row, place, cell)
    elif cell:
        sheet.write_string(row, place, cell[:_LONGEST])
