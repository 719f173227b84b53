"""How a workbook shows its numbers where the format adds digits or signs: 42 with the format `00000` is shown as 00042."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from operator import itemgetter
from typing import NamedTuple

from musterroll.readers.table import Numeric

_PLACED = re.compile(r'"([^"]*)"|\\(.)|\[[^\]]*\]|_.|\*.|([0#?])|(.)')
_DECIMALS = re.compile(r"[#?]*(0+)\.(0+)(?:_.|\\ )*")
_PLAIN = " -/()+:"  # signs that are shown as they are written


class CellFormats(NamedTuple):
    """Per column the rows whose numbers have a format, as (first row, last row, format) in order."""

    columns: Mapping[int, list[tuple[int, int, str]]] = {}

    def of_row(self, row: int, cells: list[str]) -> Iterator[tuple[int, str]]:
        """The cells of the row that are shown in another way, by place."""
        for place, spans in self.columns.items():
            if place < len(cells) and isinstance(cell := cells[place], Numeric):
                place_in = bisect_right(spans, row, key=itemgetter(0)) - 1
                shown = displayed(cell, spans[place_in][2]) if place_in >= 0 and row <= spans[place_in][1] else None
                if shown:
                    yield place, Numeric(cell, shown, cell.exact)


def displayed(number: str, pattern: str) -> str | None:
    """A number in a format that pads it, sets signs between its digits or fixes its decimals; None where the format does nothing of it.

    >>> displayed("42", "00000"), displayed("123456789", "000-00-0000"), displayed("7", '"SN-"000'), displayed("7", "#,##0.00")
    ('00042', '123-45-6789', 'SN-007', None)
    >>> displayed("1.1", "0.00"), displayed("34", "0.0"), displayed("-2", "0.0")
    ('1.10', '34.0', None)
    """
    if (decimals := _DECIMALS.fullmatch(pattern.split(";")[0])) and number.replace(".", "", 1).isdigit():
        rounded = Decimal(number).quantize(Decimal(f"1e-{len(decimals[2])}"), ROUND_HALF_UP)
        return str(rounded).zfill(len(decimals[1]) + 1 + len(decimals[2]))
    parts = _parts(pattern)
    if not number.isdigit() or parts is None or "0" not in parts:
        return None
    digits, text = list(number), []
    places = sum(1 for part in parts if part in ("0", "#", "?"))
    for part in reversed(parts):
        if part not in ("0", "#", "?"):
            text.append(part[1:])
            continue
        places -= 1
        taken = digits[:] if not places else digits[-1:]
        del digits[len(digits) - len(taken) :]
        text.append("".join(taken) or ("0" if part == "0" else ""))
    return "".join(reversed(text))


def _parts(pattern: str) -> list[str] | None:
    """Placeholders of digits, and what is shown as it is written behind a `=`; None for a format of another kind."""
    parts = []
    for quoted, escaped, digit, sign in _PLACED.findall(pattern.split(";")[0]):
        if digit:
            parts.append(digit)
        elif sign and sign not in _PLAIN:
            return None
        elif quoted or escaped or sign:
            parts.append("=" + (quoted or escaped or sign))
    return parts


def changes(pattern: str) -> bool:
    """Whether a format shows a number in another way than by its digits."""
    return displayed("1", pattern) not in (None, "1")


def spans(cells: Iterable[tuple[int, int, str]]) -> CellFormats:
    """From cells as (row, column, format), in the order of rows."""
    columns: dict[int, list[tuple[int, int, str]]] = {}
    for row, column, pattern in cells:
        runs = columns.setdefault(column, [])
        if runs and runs[-1][2] == pattern and runs[-1][1] >= row - 1:
            runs[-1] = (runs[-1][0], row, pattern)
        else:
            runs.append((row, row, pattern))
    return CellFormats(columns)
