"""Days and instants of customers' files. A date that could mean two days is rejected, with the format that would be accepted."""

import re
from datetime import UTC, date, datetime, timedelta

from musterroll.readers.fields import BadCell, Hints

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
