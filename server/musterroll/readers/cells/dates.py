"""Days of customers' files. A date that could mean two days is rejected, with the choice that would decide it."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import partial
from typing import NamedTuple

from musterroll.domain.values.dates import local_day
from musterroll.readers.cells.date_forms import WrittenDate, in_order, possible_orders, written_date
from musterroll.readers.cells.digits import western
from musterroll.readers.fields import NOTHING, BadCell, ColumnReader, Hints

_NEVER = frozenset(["never", "nie", "niemals", "jamais", "nunca", "mai", "nooit", "nigdy"])
_NO_DATE = re.compile(r"(?:0{4}|0?0)[-/.](?:0?0)[-/.](?:0{4}|0?0)(?:[T ].*)?")
_EMPTY_DATES = {
    (1, 1, 1),
    (1601, 1, 1),
    (1753, 1, 1),
    (1899, 12, 30),
    (1899, 12, 31),
    (1900, 1, 0),
    (1900, 1, 1),
}  # how systems store no date
LAST_DAY, DAY_AFTER = "last-day", "day-after"  # what the end of a term is written as
_NO_END = 9999  # the year of an end that never comes
_COUNTS = {  # bare numbers in a column of dates
    "days": re.compile(r"([2-9][0-9]{4}|10[0-9]{4})(?:\.[0-9]+)?"),
    "seconds": re.compile(r"[1-9][0-9]{9}(?:\.[0-9]+)?"),
    "milliseconds": re.compile(r"[1-9][0-9]{12}"),
}
_SPREADSHEET_DAY = datetime(1899, 12, 30)  # noqa: DTZ001  a spreadsheet knows no zone
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Moment(NamedTuple):
    """A day that was written as an instant: which day that is depends on where. `later`: days after it that are meant."""

    at: datetime
    later: int = 0

    def day(self, zone: tzinfo | None) -> date:
        """The day in a zone; without one, where it was written, which for UTC is no place."""
        return (local_day(self.at, zone) if zone else self.at.date()) + timedelta(self.later)


def date_order(cell: str) -> frozenset[str]:
    """The orders of day, month and year in which a date in numbers can be read; empty where that does not matter.

    >>> sorted(date_order("31/12/2025")), sorted(date_order("1/2/2025 6:04")), sorted(date_order("2025-12-31"))
    (['dmy'], ['dmy', 'mdy'], [])
    """
    written = written_date(cell) if western(cell).strip()[:1].isdecimal() else None
    return possible_orders(written) if written else frozenset()


def counted_in(cell: str) -> str:
    """What a bare number in a column of dates counts: days of a spreadsheet, or seconds or milliseconds since 1970; empty: no such number.

    >>> counted_in("45662"), counted_in("1793534400"), counted_in("20250105")
    ('days', 'seconds', '')
    """
    cell = western(cell).strip()
    return next((unit for unit, pattern in _COUNTS.items() if pattern.fullmatch(cell)), "")


def midnight(cell: str) -> bool:
    """Whether a date is written with a time of day, which is 00:00.

    >>> midnight("2026-06-01T00:00:00Z"), midnight("2026-06-01"), midnight("2026-06-01 10:00"), midnight("1780272000")
    (True, False, False, True)
    """
    if (unit := counted_in(cell)) in ("seconds", "milliseconds"):
        return float(cell) % (86_400 if unit == "seconds" else 86_400_000) == 0
    written = written_date(cell)
    return written is not None and written.clock == time.min


def certain_day(cell: str) -> date | None:
    """The day of a cell that can only be read as one; None for any other.

    >>> certain_day("2026-12-31T00:00:00"), certain_day("3/16/2027 12:00:00 AM"), certain_day("1/2/2026")
    (datetime.date(2026, 12, 31), datetime.date(2027, 3, 16), None)
    """
    if (unit := counted_in(cell)) in ("seconds", "milliseconds"):
        return (_EPOCH + timedelta(seconds=float(cell) / (1 if unit == "seconds" else 1000))).date()
    written = written_date(cell)
    orders = possible_orders(written) if written else frozenset[str]()
    if written is None or len(orders) > 1:
        return None
    try:
        return date(*in_order(written, next(iter(orders), "ymd")))
    except ValueError:
        return None


def is_instant(cell: str) -> bool:
    """Whether a date is written as a point in time, the same everywhere.

    >>> is_instant("2026-06-01T00:00:00Z"), is_instant("2026-06-01T00:00:00"), is_instant("1780272000")
    (True, False, True)
    """
    written = None if counted_in(cell) else written_date(cell)
    return counted_in(cell) in ("seconds", "milliseconds") or bool(written and written.zone)


dated = partial(ColumnReader, convention="dates", shows=date_order)


@dated
def day(name: str, cell: str, hints: Hints) -> object:
    """A date that can only mean one day, or a Moment. Raises BadCell."""
    return _day(name, cell, hints, 0)


@dated
def last_day(name: str, cell: str, hints: Hints) -> object:
    """The day after the one written, as the end of a half-open span; where ends are written as the day after, that one. Raises BadCell."""
    written = written_date(cell)
    if written and _NO_END in written.numbers:
        return NOTHING
    if hints.ends != DAY_AFTER:
        return _day(name, cell, hints, 1)
    end = _day(name, cell, hints, 0)
    return end.at.date() if isinstance(end, Moment) else end  # the day as it is written: its midnight says nothing of a place


def _day(name: str, cell: str, hints: Hints, later: int) -> object:
    value = moment(name, cell, hints)
    if value is NOTHING:
        return NOTHING
    if isinstance(value, datetime) and value.tzinfo is not None:
        checked(name, cell, value.year)
        return Moment(value, later)
    assert isinstance(value, date)
    checked(name, cell, value.year)
    return (value.date() if isinstance(value, datetime) else value) + timedelta(later)


def checked(name: str, cell: str, year: int, first: int = 1970) -> None:
    """Raises BadCell for a year that cannot be meant."""
    if not first <= year <= 2200:
        raise BadCell(f"the {name} {cell.strip()[:40]!r} is outside the years {first} to 2200; leave it empty if it is unknown")


def moment(name: str, cell: str, hints: Hints) -> object:
    """A cell as a date, or as a datetime where it has a time of day; NOTHING where it says that there is none. Raises BadCell."""
    cell = cell.strip()
    if cell.casefold() in _NEVER or _NO_DATE.fullmatch(cell):
        return NOTHING
    if counted_in(cell):
        return _counted(name, cell, hints)
    written = written_date(cell)
    if written is None:
        number = " is a number, perhaps a spreadsheet's day count" if cell.isdigit() and len(cell) < 8 else " is not a recognised date"
        raise BadCell(f"the {name} {cell[:40]!r}{number}; use the format 2025-12-31")
    return _placed(name, cell, written, hints)


def _placed(name: str, cell: str, written: WrittenDate, hints: Hints) -> object:
    numbers = in_order(written, _order(name, cell, written, hints))
    if numbers in _EMPTY_DATES:
        return NOTHING
    try:
        value = date(*numbers)
    except ValueError:
        raise BadCell(f"the {name} {cell[:40]!r} does not exist in the calendar") from None
    return value if written.clock is None else datetime.combine(value, written.clock, written.zone)


def _order(name: str, cell: str, written: WrittenDate, hints: Hints) -> str:
    orders = possible_orders(written)
    if hints.dates or len(orders) < 2:
        return hints.dates or min(orders, default="dmy")
    days = " or ".join(sorted("{}-{:02}-{:02}".format(*in_order(written, order)) for order in orders))
    choices = " or ".join(f"{_ORDER_WORDS[order]} (--dates {order})" for order in sorted(orders))
    raise BadCell(f"the {name} {cell[:40]!r} may be {days}; choose {choices}")


_ORDER_WORDS = {"dmy": "day first", "mdy": "month first", "ymd": "year first"}


def _counted(name: str, cell: str, hints: Hints) -> object:
    unit, amount = counted_in(cell), float(cell)
    if unit == "days" and hints.counted == "days":
        return (_SPREADSHEET_DAY + timedelta(days=amount)).date() if amount == int(amount) else _SPREADSHEET_DAY + timedelta(days=amount)
    if unit == "days":
        raise BadCell(f"the {name} {cell!r} is a number, perhaps a spreadsheet's day count; use the format 2025-12-31")
    return _EPOCH + timedelta(seconds=amount if unit == "seconds" else amount / 1000)
