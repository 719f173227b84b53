"""Cells as customers write them. Only what can mean one thing is read; the rest is refused with what would be understood."""

import re
from datetime import date
from functools import lru_cache

from musterroll.domain.errors import Refusal
from musterroll.domain.lifecycle import Lifecycle

_ISO = re.compile(
    r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_COMPACT = re.compile(r"((?:19|20|21)[0-9]{2})([0-9]{2})([0-9]{2})")
_NUMBERS = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})")
_DAY_FIRST = re.compile(r"([0-9]{1,2})[ .-]*([A-Za-z]{3,9})[ .,-]*([0-9]{4})")
_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})[ .-]*([0-9]{1,2})[ ,.-]+([0-9]{4})")
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
_LENGTH = re.compile(r"([0-9]{1,4})(?:\.0+)?\s*(?:months?|mos?\.?|m)?", re.IGNORECASE)
_NUMBER_MANGLED = re.compile(r"[0-9]+(?:[.,][0-9]+)?E\+[0-9]+|[0-9]+[.,][0-9]+E-?[0-9]+|[0-9]+[.,]0+", re.IGNORECASE)

LIFECYCLES = {
    "deployed": "deployed installed active live inservice inuse inproduction operational commissioned",
    "stock": "stock instock inventory ininventory warehouse inwarehouse available spare",
    "shipped": "shipped intransit ontheway dispatched delivered",
    "returned": "returned rma return returnedtovendor",
    "retired": "retired scrapped decommissioned disposed endoflife eol writtenoff",
}
_LIFECYCLE_OF = {word: Lifecycle(stage) for stage, words in LIFECYCLES.items() for word in words.split()}


class BadCell(Refusal):
    code = "bad_cell"


def heading(text: str) -> str:
    """What a heading or a fixed word is compared by.

    >>> heading(" Serial_Number ")
    'serialnumber'
    """
    return "".join(c for c in text.casefold() if c.isalnum())


@lru_cache(4096)
def day(name: str, text: str) -> date | None:
    """A date that can mean one day only; empty is None. Raises BadCell.

    >>> day("ship date", "2025-01-05"), day("ship date", "31/12/2025"), day("ship date", "5 Jan 2025")
    (datetime.date(2025, 1, 5), datetime.date(2025, 12, 31), datetime.date(2025, 1, 5))
    """
    text = text.strip()
    if not text:
        return None
    if text.isdigit() and len(text) < 8:
        raise BadCell(f"the {name} {text!r} is a number, perhaps a spreadsheet's own count of days; write it as 2025-12-31")
    parts = _year_month_day(name, text)
    try:
        found = date(*parts)
    except ValueError:
        raise BadCell(f"the {name} {text[:40]!r} is not a day of the calendar") from None
    if not 1970 <= found.year < 2200:
        raise BadCell(f"the {name} {text[:40]!r} is not a year units live in; leave it empty where it is not known")
    return found


def _year_month_day(name: str, text: str) -> tuple[int, int, int]:
    if found := _ISO.fullmatch(text) or _COMPACT.fullmatch(text):
        return int(found[1]), int(found[2]), int(found[3])
    if found := _NUMBERS.fullmatch(text):
        return _ordered(name, text, int(found[1]), int(found[3]), int(found[4]))
    if found := _DAY_FIRST.fullmatch(text):
        return int(found[3]), _month(name, text, found[2]), int(found[1])
    if found := _MONTH_FIRST.fullmatch(text):
        return int(found[3]), _month(name, text, found[1]), int(found[2])
    raise BadCell(f"the {name} {text[:40]!r} is not a date that is understood; write it as 2025-12-31")


def _ordered(name: str, text: str, first: int, second: int, year: int) -> tuple[int, int, int]:
    if first > 12 or first == second:
        return year, second, first
    if second > 12:
        return year, first, second
    raise BadCell(f"the {name} {text!r} may be {year}-{first:02}-{second:02} or {year}-{second:02}-{first:02}; write it as 2025-12-31")


def _month(name: str, text: str, word: str) -> int:
    found = [number for number, month in enumerate(_MONTHS, 1) if month.startswith(word.lower())]
    if len(found) != 1:
        raise BadCell(f"the {name} {text[:40]!r} names no month that is understood; write it as 2025-12-31")
    return found[0]


@lru_cache(4096)
def months(name: str, text: str) -> int | None:
    """A number of months, 0 to 600; empty is None. Raises BadCell.

    >>> months("warranty", "36"), months("warranty", "12 months")
    (36, 12)
    """
    text = text.strip()
    if not text:
        return None
    found = _LENGTH.fullmatch(text)
    if not found or int(found[1]) > 600:
        raise BadCell(f"the {name} {text[:40]!r} is not a number of months from 0 to 600")
    return int(found[1])


@lru_cache(4096)
def lifecycle(name: str, text: str) -> Lifecycle | None:
    """The stage a status word names; empty is None. Raises BadCell.

    >>> lifecycle("status", "In Stock").value
    'stock'
    """
    if not text.strip():
        return None
    found = _LIFECYCLE_OF.get(heading(text))
    if found is None:
        raise BadCell(f"the {name} {text[:40]!r} is not one that is understood; use Installed, In Stock, Shipped, Returned or Retired")
    return found


def serial(text: str) -> str:
    """A serial as written. Raises BadCell for what a spreadsheet made of one."""
    text = text.strip()
    if not text:
        raise BadCell("the serial is empty")
    if text.startswith("="):
        raise BadCell(f"the serial {text[:40]!r} is a formula; write the serial itself, as text")
    if _NUMBER_MANGLED.fullmatch(text):
        raise BadCell(f"the serial {text[:40]!r} was turned into a number by a spreadsheet; export the column as text")
    return text
