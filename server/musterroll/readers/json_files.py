"""JSON and JSON Lines: a list of objects is a table, nested objects are columns with dotted headings."""

import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO

from musterroll.readers.table import DAMAGED, MOST_COLUMNS, BadFile, Grid, Line, Numeric, visible

_MOST_BYTES = 64 << 20  # of a file that is one value: it is read as a whole
_LONGEST_LINE = 1 << 20
_DEEPEST = 12
_KEY = "key"  # the heading of what records are listed by
_NAMES = ("label", "name", "title", "header", "field", "key", "id")  # of an object that describes a column, best first
_SHOWN = "display_value"
_DIGIT = re.compile(r"[0-9]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_DECODER = json.JSONDecoder(parse_int=Numeric, parse_float=Numeric, parse_constant=lambda name: None)


def read_json(file: BinaryIO, encoding: str) -> list[Grid]:
    """The lists in a file. Raises BadFile for what is no JSON or holds no list of objects."""
    if _is_lines(file, encoding):
        return [_grid("", lambda: _records(file, encoding))]
    size = file.seek(0, 2)
    if size > _MOST_BYTES:
        raise BadFile(f"the JSON file has {size >> 20:,} MiB; the limit is {_MOST_BYTES >> 20} MiB: export it as JSON Lines or CSV")
    file.seek(0)
    content = _parsed(file.read().decode(encoding, "replace"))
    grids = [_listed(name, values) for name, values in _lists("", content, 0)]
    if not grids and isinstance(content, dict) and content:
        grids = [_grid("", lambda: iter([(1, content)]))]
    if not grids:
        raise BadFile("the JSON file holds no list of objects; each object of the list is one row")
    return grids


def _is_lines(file: BinaryIO, encoding: str) -> bool:
    """Whether the first two lines are objects of their own."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, errors="replace")
    try:
        lines = [text.readline(_LONGEST_LINE) for _ in range(2)]
    finally:
        text.detach()
    return all(line.lstrip("\ufeff ").startswith("{") and isinstance(_parsed_or_none(line), dict) for line in lines)


def _parsed_or_none(text: str) -> Any:
    try:
        return _parsed(text)
    except BadFile:
        return None


def _parsed(text: str) -> Any:
    try:
        value = _DECODER.decode(text.lstrip("\ufeff"))
        return _without_surrogates(value) if _ESCAPED_SURROGATE.search(text) else value
    except RecursionError:
        raise BadFile("the JSON is nested too deeply") from None
    except ValueError as error:
        raise BadFile(f"the JSON file cannot be read: {str(error)[:80]}") from None


def _without_surrogates(value: Any) -> Any:
    """Halves of characters, which JSON can write and nothing can store, are marked as damage.

    >>> _without_surrogates({"a": ["b\\udfff", 1]})
    {'a': ['b\\x1a', 1]}
    """
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    return _SURROGATE.sub(DAMAGED, value) if isinstance(value, str) and not isinstance(value, Numeric) else value


def _lists(name: str, value: Any, depth: int) -> Iterator[tuple[str, list[Any]]]:
    """The outermost lists of objects or of rows, by their path in the file."""
    if isinstance(value, list):
        if (value and all(isinstance(item, dict) for item in value)) or (len(value) > 1 and all(isinstance(item, list) for item in value)):
            yield name, value
    elif isinstance(value, dict) and _are_records(value):
        yield name, [{_KEY: key, **record} for key, record in value.items()]
    elif isinstance(value, dict) and (table := _with_header(value)):
        yield name, table
    elif isinstance(value, dict) and depth < _DEEPEST:
        for key, item in value.items():
            yield from _lists(f"{name}.{key}" if name else key, item, depth + 1)


def _are_records(value: dict[str, Any]) -> bool:
    """Whether an object holds records by their key: objects that are alike, and mostly of plain values."""
    records = list(value.values())
    if not records or not all(isinstance(record, dict) and record for record in records):
        return False
    if len(records) == 1 and not _DIGIT.search(next(iter(value))):
        return False  # an object of its own
    names = Counter(name for record in records for name in record)
    often = sum(count for count in names.values() if count * 2 >= len(records))
    plain = sum(not isinstance(cell, dict | list) for record in records for cell in record.values())
    return often * 2 >= names.total() and plain * 2 >= names.total()


def _with_header(value: dict[str, Any]) -> list[Any] | None:
    """A list of rows below the list beside it that has a heading for each of their cells."""
    lists = {key: item for key, item in value.items() if isinstance(item, list) and item}
    for rows in lists.values():
        if all(isinstance(row, list) and len(row) == len(rows[0]) for row in rows):
            for header in lists.values():
                if header is not rows and len(header) == len(rows[0]) and all(names := [_name(part) for part in header]):
                    return [names, *rows]
    return None


def _name(part: Any) -> str:
    """A heading, as it is or as an object that describes a column."""
    if isinstance(part, dict):
        return next((text for key in _NAMES if isinstance(text := part.get(key), str)), "")
    return part if isinstance(part, str) else ""


def _listed(name: str, values: list[Any]) -> Grid:
    if isinstance(values[0], dict):
        return _grid(name, lambda: enumerate(values, 1))
    rows = [[_scalar(cell) for cell in row] for row in values]
    return Grid(lambda: (Line(number, row, None) for number, row in enumerate(rows, 1) if any(map(str.strip, row))), len(rows), name)


def _grid(name: str, records: Callable[[], Iterable[tuple[int, Any]]]) -> Grid:
    """Objects as rows below the headings of them all."""
    headings: dict[str, None] = {}
    for _, record in records():
        if isinstance(record, dict):
            headings.update(dict.fromkeys(_flat(record)))
        if len(headings) > MOST_COLUMNS:
            raise BadFile(f"the objects of the JSON file have more than {MOST_COLUMNS} fields; export fewer")
    return Grid(lambda: _rows(list(headings), records()), name=name, headed=True)


def _rows(headings: list[str], records: Iterable[tuple[int, Any]]) -> Iterator[Line]:
    yield Line(0, headings, None)
    for number, record in records:
        if not isinstance(record, dict):
            yield Line(number, [], record if isinstance(record, str) else "the row is no JSON object")
        elif record:
            cells = _flat(record)
            yield Line(number, [cells.get(heading, "") for heading in headings], None)


def _records(file: BinaryIO, encoding: str) -> Iterator[tuple[int, Any]]:
    """The objects of JSON Lines by line; a line that is none gives the reason."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, errors="replace")
    try:
        number = 0
        while line := text.readline(_LONGEST_LINE):
            number += 1
            if line.strip():
                yield number, _line(line)
    finally:
        if not file.closed:
            text.detach()


def _line(line: str) -> Any:
    try:
        return _parsed(line)
    except BadFile as error:
        return str(error).replace("the JSON file", "the line")


def _flat(record: dict[str, Any], depth: int = 0) -> dict[str, str]:
    """An object's values by dotted heading.

    >>> _flat({"serial": "SN1", "site": {"id": 7, "tags": ["a", "b"]}, "cards": [{"mac": "x"}, {"mac": "y"}]})
    {'serial': 'SN1', 'site.id': '7', 'site.tags': 'a, b', 'cards.mac': 'x, y'}
    """
    cells: dict[str, str] = {}
    for key, value in record.items():
        if isinstance(value, dict) and isinstance(value.get(_SHOWN), str):
            cells[key] = value[_SHOWN]  # beside it the number of a record, and its address
        elif isinstance(value, dict) and depth < _DEEPEST:
            cells |= {f"{key}.{inner}": cell for inner, cell in _flat(value, depth + 1).items()}
        elif isinstance(value, list) and value and depth < _DEEPEST and all(isinstance(item, dict) for item in value):
            for item in value:
                for inner, cell in _flat(item, depth + 1).items():
                    heading = f"{key}.{inner}"
                    cells[heading] = f"{cells[heading]}, {cell}" if cells.get(heading) else cell
        else:
            cells[key] = _scalar(value)
    return cells


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return value if isinstance(value, Numeric) else visible(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return ", ".join(filter(None, map(_scalar, value)))
    return json.dumps(value, ensure_ascii=False)
