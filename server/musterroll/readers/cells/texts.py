"""Texts of customers' files: names, serials, and words that stand for one of a few values."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from musterroll.domain.enrolment.claim_rules import text as storable
from musterroll.readers.fields import BadCell, CellReader, Hints
from musterroll.readers.table import Numeric

_Choice = TypeVar("_Choice", bound=StrEnum)

_SPREADSHEET_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)?E\+[0-9]+|[0-9]+[.,][0-9]+E-?[0-9]+|[0-9]+[.,]0+", re.IGNORECASE)


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
