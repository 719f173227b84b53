"""How an XLS workbook shows its numbers: the formats of its cells, from its records (BIFF8)."""

import struct
from collections.abc import Iterator

from musterroll.readers import number_formats

_RECORD = struct.Struct("<HH")
_CELL = struct.Struct("<HHH")  # row, column, style
_SHEET, _FORMAT, _STYLE, _END = 0x0085, 0x041E, 0x00E0, 0x000A
_NUMBERS = (0x0203, 0x027E, 0x0006)  # a number, a small number, a formula
_SEVERAL, _EACH = 0x00BD, 6  # small numbers side by side: each has a style and a value
_BUILT_IN = {1: "0", 2: "0.00"}


def records(content: bytes, place: int = 0) -> Iterator[tuple[int, bytes]]:
    """The records of a workbook's stream, from a place on."""
    while place >= 0 and place + _RECORD.size <= len(content):
        record, length = _RECORD.unpack_from(content, place)
        place += _RECORD.size
        yield record, content[place : place + length]
        place += length


def beginnings(content: bytes) -> list[int]:
    """Where the sheets begin, in order, each place once."""
    places = {int.from_bytes(body[:4], "little") for record, body in records(content) if record == _SHEET and len(body) > 4}
    return sorted(place for place in places if place < len(content))


def sheets(content: bytes) -> dict[str, int]:
    """Where each sheet begins, by its name."""
    begins = {}
    for record, body in records(content):
        if record == _SHEET and len(body) > 8:
            begins[_text(body[6], body[7:])] = int.from_bytes(body[:4], "little")
        elif record == _END:
            break
    return begins


def patterns(content: bytes) -> dict[int, str]:
    """The formats that show numbers in another way than by their digits, by number of the cell's style."""
    codes, styles = dict(_BUILT_IN), []
    for record, body in records(content):
        if record == _FORMAT and len(body) > 5:
            number, length = _RECORD.unpack_from(body)
            codes[number] = _text(length, body[4:])
        elif record == _STYLE and len(body) >= 4:
            styles.append(int.from_bytes(body[2:4], "little"))
        elif record == _END:
            break
    used = {style: codes.get(number, "") for style, number in enumerate(styles)}
    return {style: pattern for style, pattern in used.items() if number_formats.changes(pattern)}


def cells(content: bytes, begin: int, formats: dict[int, str]) -> Iterator[tuple[int, int, str]]:
    """The cells of a sheet that have one of these formats: (row from 1, column from 0, format)."""
    for record, body in records(content, begin):
        if record == _END:
            return
        if record in _NUMBERS and len(body) >= _CELL.size:
            row, column, style = _CELL.unpack_from(body)
            if style in formats:
                yield row + 1, column, formats[style]
        elif record == _SEVERAL and len(body) > _CELL.size:
            row, first = _RECORD.unpack_from(body)
            for column, place in enumerate(range(4, len(body) - 2 - _EACH + 1, _EACH), first):
                if (style := int.from_bytes(body[place : place + 2], "little")) in formats:
                    yield row + 1, column, formats[style]


def _text(length: int, body: bytes) -> str:
    """A text behind its flags: of one byte a character, or of two."""
    return body[1 : 1 + 2 * length].decode("utf-16-le", "replace") if body[0] & 1 else body[1 : 1 + length].decode("latin-1")
