"""The forms people and systems write dates in, with a time of day and a zone where they have one.

Nothing is guessed: what one form reads in two ways is decided by the order of the column (`Hints.dates`).
"""

import re
import unicodedata
from datetime import UTC, time, timedelta, timezone, tzinfo
from typing import NamedTuple

from musterroll.readers.cells.digits import western
from musterroll.readers.cells.month_names import month_number, says_nothing

ORDERS = {"dmy": (2, 1, 0), "mdy": (2, 0, 1), "ymd": (0, 1, 2)}  # where the year, the month and the day stand
_YEAR_FIRST = re.compile(r"([0-9]{4}) ?[-/.] ?([0-9]{1,2}) ?[-/.] ?([0-9]{1,2})\.?|((?:19|20|21|22)[0-9]{2})([0-9]{2})([0-9]{2})")
_YEAR_MONTH_DAY = re.compile(r"([0-9]{4}) ?[年년] ?([0-9]{1,2}) ?[月월] ?([0-9]{1,2}) ?[日일]?")  # with the words of East Asia
_COMPACT = re.compile(r"([0-9]{8})T?([0-9]{4}(?:[0-9]{2})?)(Z?)")
_NUMERIC = re.compile(r"([0-9]{1,2}) ?([-/.]) ?([0-9]{1,2}) ?\2 ?('?[0-9]{2}|[0-9]{4})\.?(?: r\.?)?")
_TOKENS = re.compile(r"[0-9]+|[^\W\d_]+")
_JOINERS = re.compile(r"[\s.,'\-/ºª°]*")
_CLOCK = re.compile(
    r"(?P<date>.*?[^\s,T])(?:T|[\s,]+)(?:at |um |alle |à |às |a las |o |om )?"
    r"(?P<hour>[0-9]{1,2})(?:(?:[:h.](?P<minute>[0-9]{2})(?:[:.](?P<second>[0-9]{2})(?:[.,:](?P<fraction>[0-9]{1,9}))?)?)? ?"
    r"(?P<half>[ap]\.?m\.?)|[:h.](?P<minute24>[0-9]{2})(?:[:.](?P<second24>[0-9]{2})(?:[.,:][0-9]{1,9})?)?)"
    r"(?: Uhr)? ?(?P<zone>[A-Z]{1,4}|(?:UTC|GMT)? ?[+-][0-9]{1,2}(?::?[0-9]{2})?)?(?: \([^)]*\))?",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"(?:UTC|GMT)? ?([+-])([0-9]{1,2}):?([0-9]{2})?", re.IGNORECASE)
_ZONES = {"Z": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2, "EET": 2, "EEST": 3}
_ZONES |= {"EST": -5, "EDT": -4, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}


class WrittenDate(NamedTuple):
    """The numbers of a date in the order in which they stand, or certain ones. `shape`: by which form it was read."""

    numbers: tuple[int, int, int]
    shape: str  # certain: year, month, day; numeric: in the order of the column; short: so, with a year of two digits
    clock: time | None = None
    zone: tzinfo | None = None


def written_date(cell: str) -> WrittenDate | None:
    """The date in a cell; None where it is in no known form.

    >>> written_date("20 Apr, 2021 07:49:50"), written_date("3/17/25").shape
    (WrittenDate(numbers=(2021, 4, 20), shape='certain', clock=datetime.time(7, 49, 50), zone=None), 'short')
    >>> written_date("2025年1月13日").numbers, written_date("\u0662\u0660\u0662\u0665/\u0660\u0661/\u0661\u0663").numbers
    ((2025, 1, 13), (2025, 1, 13))
    """
    cell = " ".join(western(unicodedata.normalize("NFKC", cell)).split())
    if not cell.isascii():
        cell = _YEAR_MONTH_DAY.sub(r"\1-\2-\3", cell)
    if (date := _date(cell)) is not None:
        return date
    if match := _COMPACT.fullmatch(cell):
        clock = _time(match[2][:2], match[2][2:4], match[2][4:], "")
        date = _date(match[1])
        return date._replace(clock=clock, zone=UTC if match[3] else None) if date and clock else None
    return _with_clock(cell)


def _with_clock(cell: str) -> WrittenDate | None:
    match = _CLOCK.fullmatch(cell)
    date = _date(match["date"].strip()) if match else None
    if match is None or date is None:
        return None
    clock = _time(match["hour"], match["minute"] or match["minute24"], match["second"] or match["second24"], match["half"] or "")
    zone = _zone(match["zone"]) if match["zone"] else None
    return None if clock is None or (match["zone"] and zone is None) else date._replace(clock=clock, zone=zone)


def _time(hour: str, minute: str | None, second: str | None, half: str) -> time | None:
    hours = int(hour)
    if half:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half.lower().startswith("p") else 0)
    try:
        return time(hours, int(minute or 0), int(second or 0))
    except ValueError:
        return None


def _zone(word: str) -> tzinfo | None:
    if (hours := _ZONES.get(word.upper())) is not None:
        return timezone(timedelta(hours=hours))
    match = _OFFSET.fullmatch(word)
    minutes = (int(match[2]) * 60 + int(match[3] or 0)) * (-1 if match[1] == "-" else 1) if match else 24 * 60
    return timezone(timedelta(minutes=minutes)) if abs(minutes) <= 14 * 60 else None


def _date(cell: str) -> WrittenDate | None:
    if match := _YEAR_FIRST.fullmatch(cell):
        year, month, day = (int(part) for part in match.groups() if part is not None)
        return WrittenDate((year, month, day), "certain")
    if match := _NUMERIC.fullmatch(cell):
        numbers = int(match[1]), int(match[3]), int(match[4].strip("'"))
        return WrittenDate(numbers, "numeric" if len(match[4]) == 4 else "dashes" if match[2] == "-" else "short")
    return _with_month_name(cell)


def _with_month_name(cell: str) -> WrittenDate | None:
    tokens = _TOKENS.findall(cell)
    if len(tokens) > 8 or not _JOINERS.fullmatch(_TOKENS.sub("", cell)):
        return None
    numbers = [token for token in tokens if token.isdecimal()]
    months = [number for token in tokens if (number := month_number(token)) is not None]
    others = [token for token in tokens if not token.isdecimal() and month_number(token) is None]
    if len(numbers) != 2 or len(months) != 1 or not all(map(says_nothing, others)) or max(map(len, numbers)) > 4:
        return None
    year, day = (numbers[0], numbers[1]) if len(numbers[0]) == 4 else (numbers[1], numbers[0])
    if len(day) > 2 or len(year) not in (2, 4):
        return None
    return WrittenDate((full_year(int(year), len(year)), months[0], int(day)), "certain")


def full_year(year: int, digits: int = 2) -> int:
    """A year of two digits: 70 to 99 are 1970 to 1999, the others 2000 to 2069."""
    return year if digits == 4 else year + (1900 if year >= 70 else 2000)


def in_order(date: WrittenDate, order: str) -> tuple[int, int, int]:
    """Year, month and day of a date read in an order."""
    if date.shape == "certain":
        return date.numbers
    year, month, day = (date.numbers[place] for place in ORDERS[order])
    return (year if date.shape == "numeric" else full_year(year)), month, day


def possible_orders(date: WrittenDate) -> frozenset[str]:
    """The orders in which a date can be read; empty where it needs none, or they all give the same day."""
    if date.shape == "certain" or (date.numbers[0] == date.numbers[1] and date.shape != "dashes"):
        return frozenset()
    year_first = date.shape == "dashes" or (date.shape == "short" and date.numbers[0] > 31)
    orders = ("dmy", "mdy", "ymd") if year_first else ("dmy", "mdy")
    return frozenset(order for order in orders if _plausible(in_order(date, order)))


def _plausible(numbers: tuple[int, int, int]) -> bool:
    return 1 <= numbers[1] <= 12 and 1 <= numbers[2] <= 31
