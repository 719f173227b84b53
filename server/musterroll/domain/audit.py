"""The content of an audit entry, and the hash chain that shows whether entries were altered or removed.

An image is a row's columns as values that read the same from every database: nothing, whole numbers, truth and text.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from itertools import repeat
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

Image = dict[str, Any]

_RECORDS = {"finding_decision": "finding", "invoice": "billing state", "proposal": "possible duplicate", "telemetry": "imported telemetry"}
NOTHING_BEFORE = "0" * 64  # what the first entry's hash covers
_SCALE = Decimal("0.0001")


def record_word(table: str) -> str:
    """What people call a record of a table.

    >>> record_word("contract_line"), record_word("invoice")
    ('contract line', 'billing state')
    """
    return _RECORDS.get(table, table.replace("_", " "))


def image(row: Mapping[str, Any]) -> Image:
    """A row's columns in plain values.

    >>> image({"shipped_on": date(2026, 1, 2), "price": Decimal("90"), "rules": [{"b": 1, "a": 2}], "quantity": 3})
    {'shipped_on': '2026-01-02', 'price': '90.0000', 'rules': '[{"a":2,"b":1}]', 'quantity': 3}
    """
    return {name: value if type(value) in _AS_IS else _PLAIN[type(value)](value) for name, value in row.items()}


def column_heads(names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """What `canonical_rows` needs of a table: its columns in order, each with the text before its value."""
    return tuple((name, f"{',' if number else '{'}{quoted(name)}:") for number, name in enumerate(sorted(names)))


def canonical_rows(columns: Mapping[str, Sequence[Any]], heads: tuple[tuple[str, str], ...]) -> list[str]:
    """`canonical(image(row))` of rows that are given by their columns, at least one: a large import writes millions.

    >>> canonical_rows({"quantity": [3], "shipped_on": [date(2026, 1, 2)]}, column_heads(["shipped_on", "quantity"]))
    ['{"quantity":3,"shipped_on":"2026-01-02"}']
    """
    pieces: list[Iterable[str]] = []
    before = ""  # what is the same in every row, up to the next column whose values differ
    for name, head in heads:
        column = columns[name]
        if column[0] is None and column.count(None) == len(column):
            before += f"{head}null"
        else:
            pieces += [repeat(before + head), _texts(column)]
            before = ""
    last = before + "}"
    return list(map("".join, zip(*pieces, repeat(last), strict=False))) if pieces else [last] * len(columns[heads[0][0]])


def _texts(column: Sequence[Any]) -> Iterable[str]:
    kinds = set(map(type, column))
    return map(_TEXT[kinds.pop()], column) if len(kinds) == 1 else [_TEXT[type(value)](value) for value in column]


def alike(column: Sequence[Any]) -> bool:
    """Whether all values of a column that has some are the same; one and true are not."""
    first = column[0]
    if column.count(first) < len(column):
        return False
    return first is None or type(first) is str or len(set(map(type, column))) == 1


def plain_column(column: Sequence[Any]) -> Sequence[Any]:
    """A column of rows in plain values, as `image`.

    >>> plain_column([date(2026, 1, 2), None])
    ['2026-01-02', None]
    """
    if alike(column):
        return [value if type(value := column[0]) in _AS_IS else _REMEMBERED[type(value)](value)] * len(column)
    if set(map(type, column)) <= _AS_IS:
        return column
    return [value if type(value) in _AS_IS else _REMEMBERED[type(value)](value) for value in column]


def differing(before: Image | None, after: Image | None) -> tuple[Image | None, Image | None]:
    """Both images, reduced to the columns that differ. An added or deleted row stays whole.

    >>> differing({"a": 1, "b": 2}, {"a": 1, "b": 3})
    ({'b': 2}, {'b': 3})
    """
    if before is None or after is None:
        return before, after
    changed = [name for name in after if before[name] != after[name]]
    return {name: before[name] for name in changed}, {name: after[name] for name in changed}


def canonical(value: Any) -> str:
    """One text for one value: sorted names, no spaces, ASCII only."""
    return _ENCODER.encode(value)


def seals(previous: str, change: str, rows: Iterable[str]) -> list[str]:
    """The hashes of entries, each of which covers the one before it, as `seal`."""
    hashes = []
    for row in rows:
        previous = seal(previous, change, row)
        hashes.append(previous)
    return hashes


def seal(previous: str, change: str, row: str) -> str:
    """The hash of an entry: it covers the hash before it, the facts of its change and the row's, both `canonical`."""
    return sha256(f"{previous}\n{change}\n{row}".encode()).hexdigest()


def _word(value: Any) -> str:
    return str(value.value)  # of an enumeration


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
_AS_IS = frozenset((type(None), bool, int, str))
_PLAIN: defaultdict[type, Callable[[Any], Any]] = defaultdict(lambda: _word)
_PLAIN.update(dict.fromkeys((dict, list), canonical))
_PLAIN[float] = repr
_PLAIN[date] = date.isoformat
_PLAIN[datetime] = lambda value: value.astimezone(UTC).isoformat()
_PLAIN[Decimal] = lambda value: str(value.quantize(_SCALE))


class _Texts(dict[type, Callable[[Any], str]]):
    """How a value of a type is written in JSON. Days, instants and words come again and again."""

    def __missing__(self, kind: type) -> Callable[[Any], str]:
        plain = _PLAIN[kind]
        formatter = self[kind] = lru_cache(1 << 14)(lambda value: quoted(plain(value)))
        return formatter


class _Remembered(dict[type, Callable[[Any], Any]]):
    """How a value of a type is made plain. Days, instants and words come again and again."""

    def __missing__(self, kind: type) -> Callable[[Any], Any]:
        plain = self[kind] = lru_cache(1 << 14)(_PLAIN[kind])
        return plain


_REMEMBERED = _Remembered({kind: _PLAIN[kind] for kind in (dict, list, float)})  # not to be remembered
_TEXT = _Texts({str: quoted, int: int.__repr__, bool: _ENCODER.encode, type(None): lambda nothing: "null"})
_TEXT |= {kind: lambda value: quoted(_PLAIN[type(value)](value)) for kind in (dict, list, float)}  # not to be remembered
