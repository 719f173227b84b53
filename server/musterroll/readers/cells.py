"""How cells of customers' files are read. A cell that could mean two things is rejected, with the format that would be accepted."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from musterroll.domain.enrolment.claim_rules import text as storable
from musterroll.domain.values.errors import DomainError
from musterroll.readers.fields import CellReader, Hints
from musterroll.readers.table import Numeric

_Choice = TypeVar("_Choice", bound=StrEnum)

_ISO = re.compile(
    r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_COMPACT = re.compile(r"((?:19|20|21|22)[0-9]{2})([0-9]{2})([0-9]{2})")
_NUMERIC_DATE = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})")
_DAY_FIRST = re.compile(r"([0-9]{1,2})[ .-]*([A-Za-z]{3,9})[ .,-]*([0-9]{4})")
_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})[ .-]*([0-9]{1,2})[ ,.-]+([0-9]{4})")
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
_TIME = re.compile("[T ][0-9]{2}:?[0-9]{2}")
_UNIX = re.compile(r"[1-9][0-9]{9}(?:[0-9]{3})?")  # seconds or milliseconds since 1970
_WHOLE = re.compile(r"([0-9]{1,12})(?:[.,]0+)?")
_MONTHS_WORD = re.compile(r"\s*(?:months?|mos?\.?|m)$", re.IGNORECASE)
_SMALLEST = Decimal("0.0001")
_SPACES = {ord(space): None for space in " \u00a0\u202f'"}
_CURRENCY = re.compile(r"^(?:[A-Z]{3}|[€£$¥])\s*|\s*(?:[A-Z]{3}|[€£$¥])$")
_PLAIN = re.compile(r"[0-9]+(?:\.(?:[0-9]{1,2}|[0-9]{4,}))?|0\.[0-9]+|[0-9]{4,}\.[0-9]+")
_GROUPED_COMMA = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}(?:\.[0-9]+)?|[1-9][0-9]{0,2},[0-9]{3}\.[0-9]+")
_GROUPED_POINT = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3}){2,}(?:,[0-9]+)?|[1-9][0-9]{0,2}\.[0-9]{3},[0-9]+")
_DECIMAL_COMMA = re.compile(r"[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|0,[0-9]+|[0-9]{4,},[0-9]+")
_AMBIGUOUS = re.compile(r"[0-9]{1,3}[.,][0-9]{3}")
_SPREADSHEET_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)?E\+[0-9]+|[0-9]+[.,][0-9]+E-?[0-9]+|[0-9]+[.,]0+", re.IGNORECASE)


class BadCell(DomainError):
    code = "bad_cell"


def heading_key(text: str) -> str:
    """A heading or a fixed word as it is compared: letters and digits only, in lower case.

    >>> heading_key(" Serial_Number ")
    'serialnumber'
    """
    return "".join(c for c in text.casefold() if c.isalnum())


def text(longest: int) -> CellReader:
    """Reads a text of at most `longest` characters."""

    def read(name: str, cell: str, hints: Hints) -> str:
        return storable(name, str(cell), longest)

    return read


ref = text(80)


def serial(name: str, cell: str, hints: Hints) -> str:
    """A serial as written. Raises BadCell where a spreadsheet has changed it."""
    if isinstance(cell, Numeric):
        raise BadCell(f"the {name} {cell} is stored as a number, so leading zeros are lost; format the column as text and enter it again")
    cell = cell.strip()
    if cell.startswith("="):
        raise BadCell(f"the {name} {cell[:40]!r} is a formula; enter the serial itself, as text")
    if _SPREADSHEET_NUMBER.fullmatch(cell):
        raise BadCell(f"the {name} {cell[:40]!r} was changed into a number by a spreadsheet; export the column as text")
    return cell


def day(name: str, cell: str, hints: Hints) -> date:
    """A date that can only mean one day. Raises BadCell.

    >>> day("ship date", "2025-01-05", Hints()), day("ship date", "31/12/2025", Hints()), day("ship date", "5 Jan 2025", Hints())
    (datetime.date(2025, 1, 5), datetime.date(2025, 12, 31), datetime.date(2025, 1, 5))
    """
    return _day(name, cell, hints.dates)


def last_day(name: str, cell: str, hints: Hints) -> date:
    """The day after the one written, as the end of a half-open span. Raises BadCell."""
    return _day(name, cell, hints.dates) + timedelta(1)


def _day(name: str, cell: str, order: str) -> date:
    cell = cell.strip()
    if cell.isdigit() and len(cell) < 8:
        raise BadCell(f"the {name} {cell!r} is a number, perhaps a spreadsheet's day count; use the format 2025-12-31")
    parts = _year_month_day(name, cell, order)
    try:
        value = date(*parts)
    except ValueError:
        raise BadCell(f"the {name} {cell[:40]!r} does not exist in the calendar") from None
    if not 1970 <= value.year <= 2200:
        raise BadCell(f"the {name} {cell[:40]!r} is outside the years 1970 to 2200; leave it empty if it is unknown")
    return value


def _year_month_day(name: str, cell: str, order: str) -> tuple[int, int, int]:
    if match := _ISO.fullmatch(cell) or _COMPACT.fullmatch(cell):
        return int(match[1]), int(match[2]), int(match[3])
    if match := _NUMERIC_DATE.fullmatch(cell):
        return _ordered(name, cell, order, int(match[1]), int(match[3]), int(match[4]))
    if match := _DAY_FIRST.fullmatch(cell):
        return int(match[3]), _month(name, cell, match[2]), int(match[1])
    if match := _MONTH_FIRST.fullmatch(cell):
        return int(match[3]), _month(name, cell, match[1]), int(match[2])
    raise BadCell(f"the {name} {cell[:40]!r} is not a recognised date; use the format 2025-12-31")


def _ordered(name: str, cell: str, order: str, first: int, second: int, year: int) -> tuple[int, int, int]:
    if order == "dmy" or (not order and (first > 12 or first == second)):
        return year, second, first
    if order == "mdy" or second > 12:
        return year, first, second
    iso = f"{year}-{first:02}-{second:02} or {year}-{second:02}-{first:02}"
    raise BadCell(f"the {name} {cell!r} may be {iso}; choose day first (--dates dmy) or month first (--dates mdy)")


def date_order(cell: str) -> str:
    """The order of day and month in a numeric date: dmy, mdy, `?` if it could be either, empty if the cell does not show one.

    >>> date_order("31/12/2025"), date_order("12/31/2025"), date_order("1/2/2025"), date_order("2025-12-31")
    ('dmy', 'mdy', '?', '')
    """
    match = _NUMERIC_DATE.fullmatch(cell.strip())
    if not match or match[1] == match[3]:
        return ""
    return "dmy" if int(match[1]) > 12 else "mdy" if int(match[3]) > 12 else "?"


def _month(name: str, cell: str, word: str) -> int:
    months = [number for number, month in enumerate(_MONTHS, 1) if month.startswith(word.lower())]
    if len(months) != 1:
        raise BadCell(f"the {name} {cell[:40]!r} has no recognised month; use the format 2025-12-31")
    return months[0]


def instant(name: str, cell: str, hints: Hints) -> int:
    """An instant in ms since 1970. A day means its start in UTC; a time needs a zone, its own or that of the hints. Raises BadCell."""
    cell = cell.strip()
    if _UNIX.fullmatch(cell):
        return int(cell) * (1000 if len(cell) == 10 else 1)
    try:
        value = datetime.fromisoformat(cell)
    except ValueError:
        value = datetime.combine(_day(name, cell, hints.dates), datetime.min.time())
    if value.tzinfo is None:
        day_only = len(cell) <= 10 or not _TIME.search(cell)
        if not day_only and hints.zone is None:
            raise BadCell(f"the {name} {cell[:40]!r} has no time zone; use the format 2026-11-01T12:00:00Z or set the zone (--zone UTC)")
        value = value.replace(tzinfo=UTC if day_only else hints.zone)
    if not 1971 <= value.year <= 2200:
        raise BadCell(f"the {name} {cell[:40]!r} is outside the years 1971 to 2200; leave it empty if it is unknown")
    return int(value.timestamp() * 1000)


def whole_number(least: int, most: int, what: str = "a whole number") -> CellReader:
    """Reads a whole number within bounds, also one written `12.0` by a spreadsheet."""

    def read(name: str, cell: str, hints: Hints) -> int:
        match = _WHOLE.fullmatch(cell.strip())
        if not match or not least <= int(match[1]) <= most:
            raise BadCell(f"the {name} {cell.strip()[:40]!r} is not {what} from {least} to {most}")
        return int(match[1])

    return read


_count_of_months = whole_number(0, 600, "a number of months")


def months(name: str, cell: str, hints: Hints) -> int:
    """A number of months, 0 to 600. Raises BadCell.

    >>> months("warranty", "36", Hints()), months("warranty", "12 months", Hints())
    (36, 12)
    """
    return _count_of_months(name, _MONTHS_WORD.sub("", cell.strip()) or cell, hints)  # type: ignore[no-any-return]


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


def currency(name: str, cell: str, hints: Hints) -> str:
    """A currency code of three letters. Raises BadCell."""
    code = cell.strip().upper()
    code = {"€": "EUR", "£": "GBP"}.get(code, code)
    if not re.fullmatch("[A-Z]{3}", code):
        raise BadCell(f"the {name} {cell.strip()[:20]!r} is not a currency code such as EUR")
    return code


def zone(name: str, cell: str, hints: Hints) -> str:
    """The name of an IANA time zone. Raises BadCell."""
    try:
        return ZoneInfo(cell.strip()).key
    except (KeyError, ValueError, OSError):
        raise BadCell(f"the {name} {cell.strip()[:40]!r} is not a time zone such as Europe/Berlin") from None


def one_of(meanings: Mapping[_Choice, str], use: str) -> CellReader:
    """Reads one of a set of values by its synonyms in customers' systems; `use` names accepted words in the error."""
    values: dict[str, _Choice] = {word: value for value, synonyms in meanings.items() for word in synonyms.split()}

    def read(name: str, cell: str, hints: Hints) -> Any:
        value = values.get(heading_key(cell))
        if value is None:
            raise BadCell(f"the {name} {cell.strip()[:40]!r} is not recognised; use {use}")
        return value

    return read


_YES_OR_NO = dict.fromkeys(("yes", "y", "true", "t", "1", "x", "on", "ja", "oui", "si"), True)
_YES_OR_NO |= dict.fromkeys(("no", "n", "false", "f", "0", "off", "nein", "non"), False)


def yes_or_no(name: str, cell: str, hints: Hints) -> bool:
    answer = _YES_OR_NO.get(heading_key(cell))
    if answer is None:
        raise BadCell(f"the {name} {cell.strip()[:40]!r} must be yes or no")
    return answer
