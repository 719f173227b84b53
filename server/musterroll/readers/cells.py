"""Cells as customers write them. Only what can mean one thing is read; the rest is refused with what would be understood."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from musterroll.domain.enrolment.claim_rules import text as storable
from musterroll.domain.values.errors import DomainError
from musterroll.readers.fields import Hints, Reader
from musterroll.readers.xlsx_files import Numeric

_Word = TypeVar("_Word", bound=StrEnum)

_ISO = re.compile(
    r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_COMPACT = re.compile(r"((?:19|20|21|22)[0-9]{2})([0-9]{2})([0-9]{2})")
_NUMBERS = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})")
_DAY_FIRST = re.compile(r"([0-9]{1,2})[ .-]*([A-Za-z]{3,9})[ .,-]*([0-9]{4})")
_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})[ .-]*([0-9]{1,2})[ ,.-]+([0-9]{4})")
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
_TIME = re.compile("[T ][0-9]{2}:?[0-9]{2}")
_UNIX = re.compile(r"[1-9][0-9]{9}(?:[0-9]{3})?")  # seconds or milliseconds since 1970
_WHOLE = re.compile(r"([0-9]{1,12})(?:[.,]0+)?")
_MONTHS_WORD = re.compile(r"\s*(?:months?|mos?\.?|m)$", re.IGNORECASE)
_SMALLEST = Decimal("0.0001")
_SPACES = {ord(space): None for space in " \u00a0\u202f'"}
_AROUND = re.compile(r"^(?:[A-Z]{3}|[€£$¥])\s*|\s*(?:[A-Z]{3}|[€£$¥])$")
_PLAIN = re.compile(r"[0-9]+(?:\.(?:[0-9]{1,2}|[0-9]{4,}))?|0\.[0-9]+|[0-9]{4,}\.[0-9]+")
_GROUPED_COMMA = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}(?:\.[0-9]+)?|[1-9][0-9]{0,2},[0-9]{3}\.[0-9]+")
_GROUPED_POINT = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3}){2,}(?:,[0-9]+)?|[1-9][0-9]{0,2}\.[0-9]{3},[0-9]+")
_DECIMAL_COMMA = re.compile(r"[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|0,[0-9]+|[0-9]{4,},[0-9]+")
_EITHER = re.compile(r"[0-9]{1,3}[.,][0-9]{3}")
_MANGLED = re.compile(r"[0-9]+(?:[.,][0-9]+)?E\+[0-9]+|[0-9]+[.,][0-9]+E-?[0-9]+|[0-9]+[.,]0+", re.IGNORECASE)


class BadCell(DomainError):
    code = "bad_cell"


def heading(text: str) -> str:
    """What a heading or a fixed word is compared by.

    >>> heading(" Serial_Number ")
    'serialnumber'
    """
    return "".join(c for c in text.casefold() if c.isalnum())


def text(longest: int) -> Reader:
    """A text, of at most so many characters."""

    def read(name: str, cell: str, hints: Hints) -> str:
        return storable(name, str(cell), longest)

    return read


ref = text(80)


def serial(name: str, cell: str, hints: Hints) -> str:
    """A serial as written. Raises BadCell for what a spreadsheet made of one."""
    if isinstance(cell, Numeric):
        raise BadCell(f"the {name} {cell} is stored as a number, so leading zeros are lost; format the column as text and enter it again")
    cell = cell.strip()
    if cell.startswith("="):
        raise BadCell(f"the {name} {cell[:40]!r} is a formula; enter the serial itself, as text")
    if _MANGLED.fullmatch(cell):
        raise BadCell(f"the {name} {cell[:40]!r} was changed into a number by a spreadsheet; export the column as text")
    return cell


def day(name: str, cell: str, hints: Hints) -> date:
    """A date that can mean one day only. Raises BadCell.

    >>> day("ship date", "2025-01-05", Hints()), day("ship date", "31/12/2025", Hints()), day("ship date", "5 Jan 2025", Hints())
    (datetime.date(2025, 1, 5), datetime.date(2025, 12, 31), datetime.date(2025, 1, 5))
    """
    return _day(name, cell, hints.dates)


def last_day(name: str, cell: str, hints: Hints) -> date:
    """The day after a last day: where a half-open span ends."""
    return _day(name, cell, hints.dates) + timedelta(1)


def _day(name: str, cell: str, order: str) -> date:
    cell = cell.strip()
    if cell.isdigit() and len(cell) < 8:
        raise BadCell(f"the {name} {cell!r} is a number, perhaps a spreadsheet's day count; use the format 2025-12-31")
    parts = _year_month_day(name, cell, order)
    try:
        found = date(*parts)
    except ValueError:
        raise BadCell(f"the {name} {cell[:40]!r} does not exist in the calendar") from None
    if not 1970 <= found.year <= 2200:
        raise BadCell(f"the {name} {cell[:40]!r} is outside the years 1970 to 2200; leave it empty if it is unknown")
    return found


def _year_month_day(name: str, cell: str, order: str) -> tuple[int, int, int]:
    if found := _ISO.fullmatch(cell) or _COMPACT.fullmatch(cell):
        return int(found[1]), int(found[2]), int(found[3])
    if found := _NUMBERS.fullmatch(cell):
        return _ordered(name, cell, order, int(found[1]), int(found[3]), int(found[4]))
    if found := _DAY_FIRST.fullmatch(cell):
        return int(found[3]), _month(name, cell, found[2]), int(found[1])
    if found := _MONTH_FIRST.fullmatch(cell):
        return int(found[3]), _month(name, cell, found[1]), int(found[2])
    raise BadCell(f"the {name} {cell[:40]!r} is not a recognised date; use the format 2025-12-31")


def _ordered(name: str, cell: str, order: str, first: int, second: int, year: int) -> tuple[int, int, int]:
    if order == "dmy" or (not order and (first > 12 or first == second)):
        return year, second, first
    if order == "mdy" or second > 12:
        return year, first, second
    iso = f"{year}-{first:02}-{second:02} or {year}-{second:02}-{first:02}"
    raise BadCell(f"the {name} {cell!r} may be {iso}; choose day first (--dates dmy) or month first (--dates mdy)")


def order_of(cell: str) -> str:
    """What a date in numbers proves of the order its column is written in: dmy, mdy, `?` where it may be either, or nothing.

    >>> order_of("31/12/2025"), order_of("12/31/2025"), order_of("1/2/2025"), order_of("2025-12-31")
    ('dmy', 'mdy', '?', '')
    """
    found = _NUMBERS.fullmatch(cell.strip())
    if not found or found[1] == found[3]:
        return ""
    return "dmy" if int(found[1]) > 12 else "mdy" if int(found[3]) > 12 else "?"


def _month(name: str, cell: str, word: str) -> int:
    found = [number for number, month in enumerate(_MONTHS, 1) if month.startswith(word.lower())]
    if len(found) != 1:
        raise BadCell(f"the {name} {cell[:40]!r} has no recognised month; use the format 2025-12-31")
    return found[0]


def instant(name: str, cell: str, hints: Hints) -> int:
    """A moment, as ms since 1970. A day is its first moment in UTC; a time needs a zone, its own or the hint's. Raises BadCell."""
    cell = cell.strip()
    if _UNIX.fullmatch(cell):
        return int(cell) * (1000 if len(cell) == 10 else 1)
    try:
        found = datetime.fromisoformat(cell)
    except ValueError:
        found = datetime.combine(_day(name, cell, hints.dates), datetime.min.time())
    if found.tzinfo is None:
        day_only = len(cell) <= 10 or not _TIME.search(cell)
        if not day_only and hints.zone is None:
            raise BadCell(f"the {name} {cell[:40]!r} has no time zone; use the format 2026-11-01T12:00:00Z or set the zone (--zone UTC)")
        found = found.replace(tzinfo=UTC if day_only else hints.zone)
    if not 1971 <= found.year <= 2200:
        raise BadCell(f"the {name} {cell[:40]!r} is outside the years 1971 to 2200; leave it empty if it is unknown")
    return int(found.timestamp() * 1000)


def whole(least: int, most: int, what: str = "a whole number") -> Reader:
    """A whole number within bounds; `12.0`, as spreadsheets write it, is one."""

    def read(name: str, cell: str, hints: Hints) -> int:
        found = _WHOLE.fullmatch(cell.strip())
        if not found or not least <= int(found[1]) <= most:
            raise BadCell(f"the {name} {cell.strip()[:40]!r} is not {what} from {least} to {most}")
        return int(found[1])

    return read


_count_of_months = whole(0, 600, "a number of months")


def months(name: str, cell: str, hints: Hints) -> int:
    """A number of months, 0 to 600. Raises BadCell.

    >>> months("warranty", "36", Hints()), months("warranty", "12 months", Hints())
    (36, 12)
    """
    return _count_of_months(name, _MONTHS_WORD.sub("", cell.strip()) or cell, hints)  # type: ignore[no-any-return]


def number(name: str, cell: str, hints: Hints) -> Decimal:
    """An exact amount of zero or more, its decimal sign a comma or a point, where it can mean one amount only. Raises BadCell.

    >>> str(number("price", "1.234,50 €", Hints())), str(number("price", "1,234.5", Hints())), str(number("price", "0,125", Hints()))
    ('1234.50', '1234.5', '0.125')
    """
    if isinstance(cell, Numeric):
        return _bounded(name, cell, str(cell))
    bare = _AROUND.sub("", cell.strip()).translate(_SPACES)
    if _PLAIN.fullmatch(bare):
        return _bounded(name, cell, bare)
    if _GROUPED_COMMA.fullmatch(bare):
        return _bounded(name, cell, bare.replace(",", ""))
    if _GROUPED_POINT.fullmatch(bare):
        return _bounded(name, cell, bare.replace(".", "").replace(",", "."))
    if _DECIMAL_COMMA.fullmatch(bare):
        return _bounded(name, cell, bare.replace(",", "."))
    if _EITHER.fullmatch(bare):
        raise BadCell(f"the {name} {cell.strip()[:40]!r} may be thousands or decimals; use two decimals, as in 1234.00")
    raise BadCell(f"the {name} {cell.strip()[:40]!r} is not an amount; use the format 1234.50")


def _bounded(name: str, cell: str, plain: str) -> Decimal:
    found = Decimal(plain)
    if not 0 <= found < 10**11:
        raise BadCell(f"the {name} {cell.strip()[:40]!r} is not an amount from 0 to 100,000,000,000")
    if found != found.quantize(_SMALLEST):
        raise BadCell(f"the {name} {cell.strip()[:40]!r} has more than four decimals")
    return found


days = whole(0, 3650, "a number of days")


def degrees(most: int) -> Reader:
    """A coordinate in degrees, as 52.5 or 52,5."""

    def read(name: str, cell: str, hints: Hints) -> float:
        try:
            found = float(cell.strip().replace(",", "."))
        except ValueError:
            found = most + 1.0
        if not -most <= found <= most:
            raise BadCell(f"the {name} {cell.strip()[:40]!r} is not a coordinate from -{most} to {most} degrees")
        return found

    return read


def reading(name: str, cell: str, hints: Hints) -> float:
    """A counter's reading, zero or more."""
    found = float(cell) if isinstance(cell, Numeric) else float(number(name, cell, hints))
    if not 0 <= found < 1e15:
        raise BadCell(f"the {name} {cell.strip()[:40]!r} is not a counter reading of zero or more")
    return found


def currency(name: str, cell: str, hints: Hints) -> str:
    found = cell.strip().upper()
    found = {"€": "EUR", "£": "GBP"}.get(found, found)
    if not re.fullmatch("[A-Z]{3}", found):
        raise BadCell(f"the {name} {cell.strip()[:20]!r} is not a currency code such as EUR")
    return found


def zone(name: str, cell: str, hints: Hints) -> str:
    """The name of an IANA time zone. Raises BadCell."""
    try:
        return ZoneInfo(cell.strip()).key
    except (KeyError, ValueError, OSError):
        raise BadCell(f"the {name} {cell.strip()[:40]!r} is not a time zone such as Europe/Berlin") from None


def words(meanings: Mapping[_Word, str], use: str) -> Reader:
    """One of a set of words, by what customers' systems call them. Raises BadCell naming some that would `use`."""
    known: dict[str, _Word] = {word: value for value, synonyms in meanings.items() for word in synonyms.split()}

    def read(name: str, cell: str, hints: Hints) -> Any:
        found = known.get(heading(cell))
        if found is None:
            raise BadCell(f"the {name} {cell.strip()[:40]!r} is not recognised; use {use}")
        return found

    return read


_YES = dict.fromkeys(("yes", "y", "true", "t", "1", "x", "on", "ja", "oui", "si"), True)
_YES |= dict.fromkeys(("no", "n", "false", "f", "0", "off", "nein", "non"), False)


def yes(name: str, cell: str, hints: Hints) -> bool:
    found = _YES.get(heading(cell))
    if found is None:
        raise BadCell(f"the {name} {cell.strip()[:40]!r} must be yes or no")
    return found
