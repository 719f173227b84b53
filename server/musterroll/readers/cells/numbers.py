"""Numbers of customers' files. One that could mean two amounts is rejected, with the choice that would decide it."""

import re
import unicodedata
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from musterroll.readers.cells.digits import western
from musterroll.readers.fields import BadCell, CellReader, ColumnReader, Hints
from musterroll.readers.table import Numeric

NUMBERS = {".": "1,000.00", ",": "1.000,00"}  # how a choice of the decimal sign is written
SMALLEST = Decimal("0.0001")
_CURRENCY = re.compile(r"^(?:[A-Z]{3}|[€£$¥])\s*|\s*(?:[A-Z]{3}|[€£$¥])$")
_RUN = re.compile(r"[0-9](?:[0-9.,'\u2019 ]*[0-9])?")
_FORMS = (  # of digits, with the decimal sign that each proves
    (re.compile(r"[0-9]+"), ""),
    (re.compile(r"(?P<whole>[0-9]{1,3}(?:[ '\u2019][0-9]{3})+)(?:(?P<sign>[.,])(?P<fraction>[0-9]+))?"), ""),
    (re.compile(r"(?P<whole>[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}|[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3})(?:\.(?P<fraction>[0-9]+))?"), "."),
    (re.compile(r"(?P<whole>[1-9][0-9]{0,2},[0-9]{3})\.(?P<fraction>[0-9]+)"), "."),
    (re.compile(r"(?P<whole>[1-9][0-9]{0,2}(?:\.[0-9]{3}){2,})(?:,(?P<fraction>[0-9]+))?"), ","),
    (re.compile(r"(?P<whole>[1-9][0-9]{0,2}\.[0-9]{3}),(?P<fraction>[0-9]+)"), ","),
    (re.compile(r"(?P<whole>[0-9]+)(?P<sign>[.,])(?P<fraction>[0-9]+)"), ""),
)


class WrittenNumber(NamedTuple):
    """The digits of a number. `sign`: the sign before the fraction; in doubt, it may as well separate thousands."""

    whole: str
    fraction: str = ""
    sign: str = ""
    doubtful: bool = False

    def read(self, decimal_sign: str) -> Decimal:
        """The amount, where the file has this decimal sign."""
        if self.doubtful and self.sign != decimal_sign:
            return Decimal(self.whole + self.fraction)
        return Decimal(f"{self.whole}.{self.fraction or 0}")


def written_number(cell: str) -> WrittenNumber | None:
    """The number in a cell of digits, of which at most the decimal sign is in doubt; None where it is none.

    >>> written_number("1.234,50"), written_number("12 34")
    (WrittenNumber(whole='1234', fraction='50', sign=',', doubtful=False), None)
    >>> written_number("\u0661\u0662\u0663").read(".")
    Decimal('123.0')
    >>> written_number("1,000").doubtful, written_number("1'000").doubtful
    (True, False)
    """
    cell = western(unicodedata.normalize("NFKC", cell)).strip()
    for pattern, proven in _FORMS:
        if match := pattern.fullmatch(cell):
            parts = match.groupdict()
            whole = "".join(c for c in parts.get("whole") or cell if c in "0123456789")
            fraction, sign = parts.get("fraction") or "", parts.get("sign") or proven
            doubtful = pattern is _FORMS[-1][0] and len(fraction) == 3 and len(whole) <= 3 and whole[0] != "0"
            return WrittenNumber(whole, fraction, sign, doubtful)
    return None


def _decimal_signs(cell: str, whole: bool) -> frozenset[str]:
    """The decimal signs a cell can be read with; empty where it has no separator. In a column of whole numbers no amount has a fraction."""
    runs = _RUN.findall(western(unicodedata.normalize("NFKC", cell)))
    number = written_number(runs[0]) if len(runs) == 1 else None
    if number is None or not number.sign:
        return frozenset()
    signs = frozenset((".", ",")) if number.doubtful else frozenset(number.sign)
    return frozenset(sign for sign in signs if not whole or number.read(sign) == int(number.read(sign)))


def _loose_fraction(cell: str) -> bool:
    """Whether a cell certainly has decimals other than two: so a fraction of three in its column may be one, too."""
    number = written_number(cell)
    return number is not None and not number.doubtful and len(number.fraction) not in (0, 2)


amounts = partial(ColumnReader, convention="numbers", shows=partial(_decimal_signs, whole=False), loosens=_loose_fraction)
counts = partial(ColumnReader, convention="numbers", shows=partial(_decimal_signs, whole=True), loosens=_loose_fraction)


def amount(name: str, cell: str, digits: str, hints: Hints) -> Decimal | None:
    """The amount of `digits`, found in a cell; None where they are no number. Raises BadCell where it may be two amounts."""
    number = written_number(digits)
    if number is None:
        return None
    if number.doubtful and (not hints.numbers or (hints.numbers == number.sign and not hints.decimals)):
        readings = " or ".join(
            f"{number.read(sign).normalize():f} (--numbers {NUMBERS[sign]})" for sign in (",.", ".,")[number.sign == ","]
        )
        raise BadCell(
            f"the {name} {cell.strip()[:40]!r} may be thousands or decimals: {readings}; choose one, or write it without separator"
        )
    return number.read(hints.numbers)


def whole_number(least: int, most: int, what: str = "a whole number") -> CellReader:
    """Reads a whole number within bounds, also one written `12.0` by a spreadsheet, or `1,000` where the file shows what that is."""

    def read(name: str, cell: str, hints: Hints) -> int:
        value = _numeric(cell) if isinstance(cell, Numeric) else amount(name, cell, cell, hints)
        if value is None or value != int(value) or not least <= value <= most:
            raise BadCell(f"the {name} {cell.strip()[:40]!r} is not {what} from {least} to {most}")
        return int(value)

    return counts(read)


def _numeric(cell: str) -> Decimal:
    value = Decimal(cell)
    return value if value.is_finite() and abs(value) < 10**15 else Decimal(-1)


@amounts
def number(name: str, cell: str, hints: Hints) -> Decimal:
    """An exact amount of zero or more, with a decimal comma or point, that can only mean one amount. Raises BadCell."""
    value = Decimal(cell) if isinstance(cell, Numeric) else amount(name, cell, _CURRENCY.sub("", cell.strip()), hints)
    if value is None:
        raise BadCell(f"the {name} {cell.strip()[:40]!r} is not an amount; use the format 1234.50")
    return bounded(name, cell, value)


def bounded(name: str, cell: str, value: Decimal) -> Decimal:
    """Raises BadCell for an amount that cannot be stored."""
    if not 0 <= value < 10**11:
        raise BadCell(f"the {name} {cell.strip()[:40]!r} is not an amount from 0 to 100,000,000,000")
    if value != value.quantize(SMALLEST):
        raise BadCell(f"the {name} {cell.strip()[:40]!r} has more than four decimals")
    return value


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


@amounts
def counter(name: str, cell: str, hints: Hints) -> float:
    """The reading of a counter, zero or more. Raises BadCell."""
    value = float(cell) if isinstance(cell, Numeric) else float(number(name, cell, hints))
    if not 0 <= value < 1e15:
        raise BadCell(f"the {name} {cell.strip()[:40]!r} is not a counter reading of zero or more")
    return value
