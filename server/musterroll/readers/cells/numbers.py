"""Numbers of customers' files. One that could mean two amounts is rejected, with the format that would be accepted."""

import re
from decimal import Decimal

from musterroll.readers.fields import BadCell, CellReader, Hints
from musterroll.readers.table import Numeric

_WHOLE = re.compile(r"([0-9]{1,12})(?:[.,]0+)?")
_SMALLEST = Decimal("0.0001")
_SPACES = {ord(space): None for space in " \u00a0\u202f'"}
_CURRENCY = re.compile(r"^(?:[A-Z]{3}|[€£$¥])\s*|\s*(?:[A-Z]{3}|[€£$¥])$")
_PLAIN = re.compile(r"[0-9]+(?:\.(?:[0-9]{1,2}|[0-9]{4,}))?|0\.[0-9]+|[0-9]{4,}\.[0-9]+")
_GROUPED_COMMA = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}(?:\.[0-9]+)?|[1-9][0-9]{0,2},[0-9]{3}\.[0-9]+")
_GROUPED_POINT = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3}){2,}(?:,[0-9]+)?|[1-9][0-9]{0,2}\.[0-9]{3},[0-9]+")
_DECIMAL_COMMA = re.compile(r"[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|0,[0-9]+|[0-9]{4,},[0-9]+")
_AMBIGUOUS = re.compile(r"[0-9]{1,3}[.,][0-9]{3}")


def whole_number(least: int, most: int, what: str = "a whole number") -> CellReader:
    """Reads a whole number within bounds, also one written `12.0` by a spreadsheet."""

    def read(name: str, cell: str, hints: Hints) -> int:
        match = _WHOLE.fullmatch(cell.strip())
        if not match or not least <= int(match[1]) <= most:
            raise BadCell(f"the {name} {cell.strip()[:40]!r} is not {what} from {least} to {most}")
        return int(match[1])

    return read


def number(name: str, cell: str, hints: Hints) -> Decimal:
    """An exact amount of zero or more, with a decimal comma or point, that can only mean one amount. Raises BadCell.

    >>> str(number("price", "1.234,50 €", Hints())), str(number("price", "1,234.5", Hints())), str(number("price", "0,125", Hints()))
    ('1234.50', '1234.5', '0.125')
    """
    if isinstance(cell, Numeric):
        return _bounded(name, cell, str(cell))
    bare = _CURRENCY.sub("", cell.strip()).translate(_SPACES)
    if _PLAIN.fullmatch(bare):
        return _bounded(name, cell, bare)
    if _GROUPED_COMMA.fullmatch(bare):
        return _bounded(name, cell, bare.replace(",", ""))
    if _GROUPED_POINT.fullmatch(bare):
        return _bounded(name, cell, bare.replace(".", "").replace(",", "."))
    if _DECIMAL_COMMA.fullmatch(bare):
        return _bounded(name, cell, bare.replace(",", "."))
    if _AMBIGUOUS.fullmatch(bare):
        raise BadCell(f"the {name} {cell.strip()[:40]!r} may be thousands or decimals; use two decimals, as in 1234.00")
    raise BadCell(f"the {name} {cell.strip()[:40]!r} is not an amount; use the format 1234.50")


def _bounded(name: str, cell: str, plain: str) -> Decimal:
    amount = Decimal(plain)
    if not 0 <= amount < 10**11:
        raise BadCell(f"the {name} {cell.strip()[:40]!r} is not an amount from 0 to 100,000,000,000")
    if amount != amount.quantize(_SMALLEST):
        raise BadCell(f"the {name} {cell.strip()[:40]!r} has more than four decimals")
    return amount


days = whole_number(0, 3650, "a number of days")


def degrees(most: int) -> CellReader:
    """Reads a coordinate in degrees, such as 52.5 or 52,5."""

    def read(name: str, cell: str, hints: Hints) -> float:
        try:
            value = float(cell.strip().replace(",", "."))
        except ValueError:
            value = most + 1.0
        if not -most <= value <= most:
            raise BadCell(f"the {name} {cell.strip()[:40]!r} is not a coordinate from -{most} to {most} degrees")
        return value

    return read


def counter(name: str, cell: str, hints: Hints) -> float:
    """The reading of a counter, zero or more. Raises BadCell."""
    value = float(cell) if isinstance(cell, Numeric) else float(number(name, cell, hints))
    if not 0 <= value < 1e15:
        raise BadCell(f"the {name} {cell.strip()[:40]!r} is not a counter reading of zero or more")
    return value
